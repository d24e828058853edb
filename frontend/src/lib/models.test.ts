import { expect, test } from "vitest";
import { fallbackColour, shortLabel } from "./models";

test("a short label leaves out what is in brackets", () => {
  expect([shortLabel("NCF (NeuMF, two heads)"), shortLabel("Popularity")]).toEqual(["NCF", "Popularity"]);
});

test("models that the API does not describe differ in colour", () => {
  const colours = ["mine", "yours", "theirs", ""].map(fallbackColour);
  expect(new Set(colours).size).toBe(colours.length);
  expect(colours.filter((colour) => !/^#[0-9a-f]{6}$/.test(colour))).toEqual([]);
});
