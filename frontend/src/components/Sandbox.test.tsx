import { Notifications } from "@mantine/notifications";
import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import { Sandbox } from "./Sandbox";

const events = [
  { id: "e1", item: "p1", title: "Lamp", event: "purchase", timestamp: 1_790_000_000 },
  { id: "e2", item: "p2", title: "Mug", event: "rating", rating: 2, timestamp: 1_790_000_060 },
] as const;

function show(status = 200) {
  const requests = mockApi(() => ({ status, body: status === 200 ? { receipts: [] } : { detail: "the store is locked" } }));
  const onRemove = vi.fn();
  const onClear = vi.fn();
  renderInApp(
    <>
      <Notifications />
      <Sandbox customer="c1" events={[...events]} maximum={5} onRemove={onRemove} onClear={onClear} />
    </>,
  );
  return { requests, onRemove, onClear };
}

test("what was tried is listed, and nothing is sent", async () => {
  const { requests, onRemove, onClear } = show();
  expect(screen.getAllByRole("listitem").map((row) => row.textContent)).toEqual([expect.stringContaining("bought Lamp"), expect.stringContaining("gave Mug 2 of 5 stars")]);
  await userEvent.click(screen.getByRole("button", { name: /Remove from the sandbox: gave Mug/ }));
  expect(onRemove).toHaveBeenCalledWith("e2");
  await userEvent.click(screen.getByRole("button", { name: "Clear sandbox" }));
  expect(onClear).toHaveBeenCalled();
  expect(requests).toEqual([]);
});

test("recording is a choice of its own, and says where the event comes from", async () => {
  const { requests, onRemove } = show();
  await userEvent.click(screen.getByRole("button", { name: /own feedback: gave Mug/ }));
  await waitFor(() => expect(onRemove).toHaveBeenCalledWith("e2"));
  expect(requests).toHaveLength(1);
  expect(requests[0]?.body).toEqual({ events: [{ customer: "c1", item: "p2", event: "rating", rating: 2, timestamp: 1_790_000_060, event_id: "e2", recommendation_id: "", surface: "staff" }] });
});

test("what could not be recorded stays in the sandbox", async () => {
  const { onRemove } = show(422);
  await userEvent.click(screen.getByRole("button", { name: /own feedback: bought Lamp/ }));
  expect(await screen.findByText(/The store is locked. It is still in the sandbox/)).toBeTruthy();
  expect(onRemove).not.toHaveBeenCalled();
});

test("an empty sandbox takes no room", () => {
  renderInApp(<Sandbox customer="c1" events={[]} onRemove={vi.fn()} onClear={vi.fn()} />);
  expect(screen.queryByText("Sandbox")).toBeNull();
});
