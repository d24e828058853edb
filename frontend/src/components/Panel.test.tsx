import { useQuery } from "@tanstack/react-query";
import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { models } from "../api/queries";
import { mockApi, renderInApp } from "../test-utils";
import { EmptyState, Panel, PanelBoundary } from "./Panel";

function Models() {
  const query = useQuery({ ...models, retry: false });
  return (
    <Panel title="Models" query={query} empty={(served) => (served.length ? null : <EmptyState>No models yet</EmptyState>)}>
      {(served) => <ul>{served.map((model) => <li key={model.key}>{model.label}</li>)}</ul>}
    </Panel>
  );
}

const body = (...labels: string[]) => ({ models: labels.map((label) => ({ key: label, label, figures: [], default: false })) });

test("it loads, then shows the data", async () => {
  mockApi(() => ({ body: body("kNN") }));
  renderInApp(<Models />);
  expect(screen.getByLabelText("Loading")).toBeTruthy();
  expect(await screen.findByText("kNN")).toBeTruthy();
  expect(screen.getByRole("region", { name: "Models" })).toBeTruthy();
});

test("it says that there is no data", async () => {
  mockApi(() => ({ body: body() }));
  renderInApp(<Models />);
  expect(await screen.findByText("No models yet")).toBeTruthy();
});

test("it explains an error, and retries on request", async () => {
  let succeeds = false;
  mockApi(() => (succeeds ? { body: body("kNN") } : { status: 422, body: { detail: "that makes no sense", field: null } }));
  renderInApp(<Models />);
  expect((await screen.findByRole("alert")).textContent).toContain("That makes no sense.");
  succeeds = true;
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("kNN")).toBeTruthy();
});

test("an error of the server is not called a lost connection", async () => {
  mockApi(() => ({ status: 500, body: { detail: "", field: null } }));
  renderInApp(<Models />);
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Server error");
  expect(alert.textContent).toContain("look at the server log");
  expect(alert.textContent).not.toMatch(/No connection|cannot be reached|does not answer/);
});

test("an unreachable server is retried without a click", async () => {
  let unreachable = true;
  mockApi(() => (unreachable ? new TypeError("Failed to fetch") : { body: body("kNN") }));
  renderInApp(<Models />);
  expect((await screen.findByRole("alert")).textContent).toContain("No connection");
  unreachable = false;
  expect(await screen.findByText("kNN")).toBeTruthy();
});

test("a rendering error stays inside its panel", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  function Broken(): never {
    throw new Error("a chart without data");
  }
  renderInApp(
    <>
      <PanelBoundary>
        <Broken />
      </PanelBoundary>
      <p>the rest</p>
    </>,
  );
  expect((await screen.findByRole("alert")).textContent).toContain("A chart without data.");
  expect(screen.getByText("the rest")).toBeTruthy();
});
