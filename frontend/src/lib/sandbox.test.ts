import { act, renderHook } from "@testing-library/react";
import { beforeEach, expect, test } from "vitest";
import { forgetMemory, toHistory, triedFor, useSandbox } from "./sandbox";

beforeEach(() => {
  sessionStorage.clear();
  forgetMemory();
});

const lamp = { item: "p1", title: "Lamp", event: "purchase" } as const;

test("what was tried is kept per customer, over a reload, until it is cleared", () => {
  const { result } = renderHook(() => useSandbox("c1"));
  act(() => void result.current.add(lamp));
  act(() => void result.current.add({ item: "p2", title: "Mug", event: "rating", rating: 2 }));
  expect(result.current.events.map((event) => event.item)).toEqual(["p1", "p2"]);
  expect(triedFor("c2")).toEqual([]);
  act(() => forgetMemory()); // the page is loaded anew
  expect(result.current.events.map((event) => event.title)).toEqual(["Lamp", "Mug"]);
  act(() => result.current.remove(result.current.events[0]?.id ?? ""));
  expect(triedFor("c1").map((event) => event.item)).toEqual(["p2"]);
  act(() => result.current.clear());
  expect(result.current.events).toEqual([]);
  expect(sessionStorage.getItem("c360-sandbox")).toBe("{}");
});

test("a request carries what the API takes, and no more", () => {
  const { result } = renderHook(() => useSandbox("c1"));
  act(() => void result.current.add(lamp));
  const [sent] = toHistory(result.current.events);
  expect(sent).toEqual({ item: "p1", event: "purchase", rating: null, timestamp: expect.any(Number) as number });
});

test("a hundred events are kept, and damaged storage is an empty sandbox", () => {
  const { result } = renderHook(() => useSandbox("c1"));
  act(() => {
    for (let n = 0; n < 103; n++) result.current.add({ ...lamp, item: `p${n}` });
  });
  expect(result.current.events).toHaveLength(100);
  expect(result.current.events[0]?.item).toBe("p3");
  for (const damaged of ["{", "[]", "3", '{"c1": "x"}']) {
    sessionStorage.setItem("c360-sandbox", damaged);
    act(() => forgetMemory());
    expect(result.current.events).toEqual([]);
  }
});
