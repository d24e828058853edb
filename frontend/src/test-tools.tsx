import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { MemoryRouter } from "react-router";
import { vi } from "vitest";
import { newQueryClient } from "./api/cache";

/** Draw something with all that a page has around it. */
export function draw(element: ReactElement, address = "/") {
  return render(
    <MantineProvider env="test">
      <QueryClientProvider client={newQueryClient()}>
        <MemoryRouter initialEntries={[address]}>{element}</MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

export type Asked = { method: string; path: string; body: unknown; headers: Headers };

/** Answer requests from here, and note what was asked. An answer that is an Error is a server that is not there. */
export function serve(answer: (asked: Asked) => { status?: number; body: unknown } | Error): Asked[] {
  const seen: Asked[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const text = await request.text();
    const asked = { method: request.method, path: request.url.replace(/^https?:\/\/[^/]+/, ""), body: text ? JSON.parse(text) : undefined, headers: request.headers };
    seen.push(asked);
    const told = answer(asked);
    if (told instanceof Error) throw told;
    return new Response(JSON.stringify(told.body), { status: told.status ?? 200, headers: { "Content-Type": "application/json" } });
  });
  return seen;
}
