import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render } from "@testing-library/react";
import type { ReactElement } from "react";
import { MemoryRouter } from "react-router";
import { vi } from "vitest";
import { createQueryClient } from "./api/queryClient";

/** Render an element inside the providers that every page has. */
export function renderInApp(element: ReactElement, address = "/") {
  return render(
    <MantineProvider env="test">
      <QueryClientProvider client={createQueryClient()}>
        <MemoryRouter initialEntries={[address]}>{element}</MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
}

export type ApiRequest = { method: string; path: string; body: unknown; headers: Headers };

/** Answer requests with `respond`, and return the list that records them. An Error stands for an unreachable server. */
export function mockApi(respond: (request: ApiRequest) => { status?: number; body: unknown } | Error): ApiRequest[] {
  const requests: ApiRequest[] = [];
  vi.stubGlobal("fetch", async (sent: Request) => {
    const text = await sent.text();
    const request = { method: sent.method, path: sent.url.replace(/^https?:\/\/[^/]+/, ""), body: text ? JSON.parse(text) : undefined, headers: sent.headers };
    requests.push(request);
    const response = respond(request);
    if (response instanceof Error) throw response;
    return new Response(JSON.stringify(response.body), { status: response.status ?? 200, headers: { "Content-Type": "application/json" } });
  });
  return requests;
}
