import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import { ConnectionAlert } from "./ConnectionAlert";

const show = (status: number, detail = ""): void => {
  mockApi(() => (status ? { status, body: { detail, field: null } } : new TypeError("Failed to fetch")));
  renderInApp(<ConnectionAlert />);
};

test("an unreachable server is called unreachable", async () => {
  show(0);
  expect(await screen.findByText("The server cannot be reached")).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("Check that it is running");
});

test("a server that fails was reached", async () => {
  show(500, "the store is locked");
  expect((await screen.findByRole("alert")).textContent).toContain("The store is locked.");
  expect(screen.getByText("The server reports an error")).toBeTruthy();
  expect(screen.queryByText(/cannot be reached|does not answer/)).toBeNull();
});

test("a server that wants a key asks for one, and one that refuses the key offers to change it", async () => {
  show(401);
  expect(await screen.findByText("This server requires an API key")).toBeTruthy();
  show(403);
  expect(await screen.findByText("This API key is not permitted to read")).toBeTruthy();
  expect(screen.getAllByRole("button", { name: "Enter API key" })).toHaveLength(2);
});
