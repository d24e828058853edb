import { describe, expect, test } from "vitest";
import type { Pick } from "../api/queries";
import { badge, changes } from "./changes";

const list = (...items: string[]): Pick[] =>
  items.map((item, at) => ({ item, title: item.toUpperCase(), rank: at + 1, by: "model", reasons: [] }) as unknown as Pick);

describe("changes", () => {
  test("the same list has none", () => {
    expect(changes(list("a", "b"), list("a", "b"), "x")).toEqual([]);
  });

  test("what left, what came, what moved", () => {
    const moves = changes(list("a", "b", "c", "d"), list("d", "b", "c", "e"), "a");
    expect(Object.fromEntries(moves.map((move) => [move.item, move.kind]))).toEqual({ a: "gone", e: "new", d: "up" });
    expect(moves[0]?.item).toBe("a"); // what was acted on comes first
    expect(moves.find((move) => move.item === "d")?.by).toBe(3);
  });

  test("a move is put down to the deed only where a reason names it", () => {
    const reasons = [{ kind: "item", item: "x", title: "The X", word: null, share: 0.4 }];
    const after = list("b", "a").map((pick) => (pick.item === "b" ? { ...pick, reasons } : pick));
    const moves = changes(list("a", "b"), after, "x");
    expect(moves.find((move) => move.item === "b")?.because).toBe("The X");
    expect(moves.find((move) => move.item === "a")?.because).toBeNull();
  });

  test("what speaks for an item is no reason for its fall", () => {
    const reasons = [{ kind: "item", item: "x", title: "The X", word: null, share: 0.4 }];
    const after = list("b", "a").map((pick) => ({ ...pick, reasons }));
    expect(changes(list("a", "b"), after, "x").map((move) => [move.item, move.because])).toEqual([["b", "The X"], ["a", null]]);
  });

  test("badges", () => {
    const moves = changes(list("a", "b", "c"), list("c", "a", "n"), "z");
    const of = (item: string) => badge(moves.find((move) => move.item === item));
    expect([of("c"), of("a"), of("n"), of("b"), of("nobody")]).toEqual(["▲ 2", "▼ 1", "new", "", ""]);
  });
});
