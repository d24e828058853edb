import { expect, test } from "vitest";
import type { Reason } from "../api/queries";
import { draw } from "../test-tools";
import { Reasons } from "./Reasons";

const reason = (given: Partial<Reason>): Reason => ({ kind: "item", item: null, title: null, word: null, share: null, ...given });
const said = (by: string, ...reasons: Reason[]): string => draw(<Reasons by={by} reasons={reasons} />).container.querySelector(".reasons")?.textContent ?? "";

test("things, words and shares", () => {
  const told = said("model", reason({ item: "p1", title: "Rain jacket", share: 0.42 }), reason({ kind: "word", word: "wool", share: 0.1 }), reason({ kind: "popularity", share: 0.001 }));
  expect(told).toBe("Because of Rain jacket (42%), the word “wool” (10%) and its popularity (<1%)");
});

test("the item itself, seen before, is named as such", () => {
  const drawn = draw(<Reasons by="model" item="p1" reasons={[reason({ item: "p1", title: "Hat", share: 0.3 })]} />);
  expect(drawn.container.textContent).toContain("Because of an earlier look at it (30%)");
});

test("a share above the whole is the whole", () => {
  expect(said("model", reason({ item: "p1", share: 1.31 }))).toBe("Because of p1 (100%)");
});

test("what stands there for another reason than taste says so", () => {
  expect(said("pinned", reason({ kind: "rule", share: 1 }))).toContain("puts it first for everybody");
  expect(said("model", reason({ kind: "popularity", share: 1 }))).toBe("Popular; nothing that was done so far speaks for it.");
  expect(said("model")).toContain("Nothing single stands out");
  expect(said("explored", reason({ item: "p1", title: "Hat", share: 0.5 }))).toBe("Drawn by chance: the experiment tries it out. Because of Hat (50%)");
});
