import { expect, test } from "vitest";
import { colour, shortLabel } from "./palette";

test("a variant has its model's colour, a stranger's model is grey", () => {
  expect(colour("hybrid-ncf-bert")).toBe(colour("hybrid"));
  expect(colour("somebody-elses")).toBe("#868686");
});

test("labels without what is in brackets", () => {
  expect([shortLabel("NCF (NeuMF, two heads)"), shortLabel("Popularity")]).toEqual(["NCF", "Popularity"]);
});
