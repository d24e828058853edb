import { useQuery } from "@tanstack/react-query";
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { models } from "../api/queries";
import { draw, serve } from "../test-tools";
import { Guarded, Nothing, Panel } from "./Panel";

function Models() {
  const query = useQuery({ ...models, retry: false });
  return (
    <Panel title="Models" query={query} empty={(all) => (all.length ? null : <Nothing>None yet</Nothing>)}>
      {(all) => <ul>{all.map((one) => <li key={one.key}>{one.label}</li>)}</ul>}
    </Panel>
  );
}

const body = (...labels: string[]) => ({ models: labels.map((label) => ({ key: label, label, figures: [], default: false })) });

test("it loads, then shows", async () => {
  serve(() => ({ body: body("kNN") }));
  draw(<Models />);
  expect(screen.getByLabelText("Loading")).toBeTruthy();
  expect(await screen.findByText("kNN")).toBeTruthy();
  expect(screen.getByRole("region", { name: "Models" })).toBeTruthy();
});

test("it says that there is nothing", async () => {
  serve(() => ({ body: body() }));
  draw(<Models />);
  expect(await screen.findByText("None yet")).toBeTruthy();
});

test("it fails in words, and tries again when asked", async () => {
  let well = false;
  serve(() => (well ? { body: body("kNN") } : { status: 422, body: { detail: "that makes no sense", field: null } }));
  draw(<Models />);
  expect((await screen.findByRole("alert")).textContent).toContain("that makes no sense");
  well = true;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("kNN")).toBeTruthy();
});

test("a server that is away is asked again without a click", async () => {
  let away = true;
  serve(() => (away ? new TypeError("away") : { body: body("kNN") }));
  draw(<Models />);
  expect((await screen.findByRole("alert")).textContent).toContain("No connection");
  away = false;
  expect(await screen.findByText("kNN", {}, { timeout: 6000 })).toBeTruthy();
}, 10_000);

test("what breaks while it is drawn stays in its panel", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  function Broken(): never {
    throw new Error("a chart without data");
  }
  draw(
    <>
      <Guarded>
        <Broken />
      </Guarded>
      <p>the rest</p>
    </>,
  );
  expect((await screen.findByRole("alert")).textContent).toContain("a chart without data");
  expect(screen.getByText("the rest")).toBeTruthy();
});
