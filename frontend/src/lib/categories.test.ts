import { expect, test } from "vitest";
import { categoryText, splitCategory } from "./categories";

test("genres are split, and a single category stays as it is", () => {
  expect(splitCategory("Action|Adventure|Sci-Fi")).toEqual(["Action", "Adventure", "Sci-Fi"]);
  expect([categoryText("Action|Adventure|Sci-Fi"), categoryText("Home & Garden")]).toEqual(["Action, Adventure, Sci-Fi", "Home & Garden"]);
});
