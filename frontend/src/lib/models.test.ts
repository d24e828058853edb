import { expect, test } from "vitest";
import { fallbackColour, shortLabel } from "./models";

test("a short label leaves out what is in brackets", () => {
  expect([shortLabel("NCF (neural network)"), shortLabel("Popularity")]).toEqual(["NCF", "Popularity"]);
});

test("a model that the API does not describe always has the same colour", () => {
  const colours = ["mine", "mine", "yours", ""].map(fallbackColour);
  expect(colours[0]).toBe(colours[1]);
  expect(colours[0]).not.toBe(colours[2]);
  expect(colours.filter((colour) => !/^#[0-9a-f]{6}$/.test(colour))).toEqual([]);
});
