import { expect, test } from "vitest";
import type { Reason } from "../api/queries";
import { renderInApp } from "../test-utils";
import { Reasons } from "./Reasons";

const reason = (given: Partial<Reason>): Reason => ({ kind: "item", item: null, title: null, word: null, group: null, share: null, ...given });
const textOf = (by: string, ...reasons: Reason[]): string => renderInApp(<Reasons by={by} reasons={reasons} />).container.querySelector(".reasons")?.textContent ?? "";

test("items, words and shares", () => {
  const text = textOf("model", reason({ item: "p1", title: "Rain jacket", share: 0.42 }), reason({ kind: "word", word: "wool", share: 0.1 }), reason({ kind: "popularity", share: 0.001 }));
  expect(text).toBe("Because of Rain jacket (42%), the word “wool” (10%) and its popularity (<1%)");
});

test("what was done with an item, and when", () => {
  const bought = Date.UTC(2026, 2, 3, 12) / 1000;
  const text = textOf("model", reason({ item: "p1", title: "Rain jacket", share: 0.42, event: "purchase", timestamp: bought }), reason({ item: "p2", title: "Hat", event: "view", timestamp: bought }));
  expect(text).toBe("Because of Rain jacket (bought Mar 3, 2026, 42%) and Hat (viewed Mar 3, 2026)");
});

test("a customer who had the item before is told so in words", () => {
  const bought = Date.UTC(2026, 2, 3, 12) / 1000;
  const about = (...reasons: Reason[]): string | null => renderInApp(<Reasons by="model" item="p1" reasons={reasons} />).container.querySelector(".reasons")?.textContent ?? null;
  const own = reason({ item: "p1", title: "Hat", share: 0.3, event: "purchase", timestamp: bought });
  expect(about(own)).toBe("The customer bought it before (Mar 3, 2026). ");
  expect(about(own, reason({ item: "p2", title: "Scarf", share: 0.2 }))).toBe("The customer bought it before (Mar 3, 2026). Because of Scarf (20%)");
  expect(about(reason({ item: "p1", title: "Hat", share: 0.3, event: "cart" }))).toBe("The customer put it in the cart before. ");
});

test("small shares are not told one by one", () => {
  const small = [0.05, 0.03, 0.02].map((share, at) => reason({ item: `p${at}`, title: `Item ${at}`, share }));
  expect(textOf("model", ...small)).toBe("Many small things in the history add up, most of all Item 0");
  expect(textOf("model", reason({ item: "p9", title: "Lamp", share: 0.3 }), ...small)).toBe("Because of Lamp (30%)");
});

test("a share above 100% is shown as 100%", () => {
  expect(textOf("model", reason({ item: "p1", share: 1.31 }))).toBe("Because of p1 (100%)");
});

test("an item that the model did not rank for its fit says so", () => {
  expect(textOf("pinned", reason({ kind: "rule", share: 1 }))).toContain("Pinned to the top of every list");
  expect(textOf("model", reason({ kind: "popularity", share: 1 }))).toBe("Popular; nothing in the customer’s history speaks for it.");
  expect(textOf("model", reason({ kind: "popularity", group: "country Italy", share: 1 }))).toBe("Popular with customers of country Italy.");
  expect(textOf("model")).toContain("No single reason stands out");
  expect(textOf("explored", reason({ item: "p1", title: "Hat", share: 0.5 }))).toBe("Chosen at random for the experiment. Because of Hat (50%)");
});
