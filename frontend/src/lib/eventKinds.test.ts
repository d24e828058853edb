import { expect, test } from "vitest";
import { describeAction, KINDS, nounFor, pastTense } from "./eventKinds";

test("an action reads as a sentence", () => {
  const sentence = (...action: Parameters<typeof describeAction>): string => describeAction(...action).join(" ").trim();
  expect(sentence("cart", "Lamp")).toBe("added Lamp to the cart");
  expect(sentence("rating", "Lamp", 2, 5)).toBe("gave Lamp 2 of 5 stars");
  expect(sentence("purchase", "Lamp")).toBe("bought Lamp");
});

test("every kind has a noun and a verb, and an unknown kind keeps its own name", () => {
  expect(KINDS.map((kind) => nounFor(kind, 1))).not.toContain(undefined);
  expect([nounFor("rating", 1), nounFor("rating", 59), nounFor("wish", 2), pastTense("wish")]).toEqual(["rating", "ratings", "wish", "wish"]);
});
