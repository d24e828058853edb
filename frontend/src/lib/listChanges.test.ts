import { describe, expect, test } from "vitest";
import type { RecommendedItem } from "../api/queries";
import { listChanges, moveBadge } from "./listChanges";

const list = (...items: string[]): RecommendedItem[] =>
  items.map((item, at) => ({ item, title: item.toUpperCase(), rank: at + 1, by: "model", reasons: [] }) as unknown as RecommendedItem);

describe("listChanges", () => {
  test("equal lists have no changes", () => {
    expect(listChanges(list("a", "b"), list("a", "b"), "x")).toEqual([]);
  });

  test("removed, new and moved items", () => {
    const moves = listChanges(list("a", "b", "c", "d"), list("d", "b", "c", "e"), "a");
    expect(Object.fromEntries(moves.map((move) => [move.item, move.kind]))).toEqual({ a: "removed", e: "new", d: "up" });
    expect(moves[0]?.item).toBe("a"); // the item acted on comes first
    expect(moves.find((move) => move.item === "d")?.by).toBe(3);
  });

  test("a move is attributed to the action only where a reason names the item", () => {
    const reasons = [{ kind: "item", item: "x", title: "The X", word: null, group: null, share: 0.4 }];
    const after = list("b", "a").map((entry) => (entry.item === "b" ? { ...entry, reasons } : entry));
    const moves = listChanges(list("a", "b"), after, "x");
    expect(moves.find((move) => move.item === "b")?.because).toBe("The X");
    expect(moves.find((move) => move.item === "a")?.because).toBeNull();
  });

  test("a fall is not attributed to the action", () => {
    const reasons = [{ kind: "item", item: "x", title: "The X", word: null, group: null, share: 0.4 }];
    const after = list("b", "a").map((entry) => ({ ...entry, reasons }));
    expect(listChanges(list("a", "b"), after, "x").map((move) => [move.item, move.because])).toEqual([["b", "The X"], ["a", null]]);
  });

  test("badges", () => {
    const moves = listChanges(list("a", "b", "c"), list("c", "a", "n"), "z");
    const of = (item: string) => moveBadge(moves.find((move) => move.item === item));
    expect([of("c"), of("a"), of("n"), of("b"), of("nobody")]).toEqual(["▲ 2", "▼ 1", "new", "", ""]);
  });
});
