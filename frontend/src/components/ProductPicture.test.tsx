import { expect, test } from "vitest";
import { renderInApp } from "../test-utils";
import { ProductPicture } from "./ProductPicture";

const drawn = (category: string | null): number => renderInApp(<ProductPicture category={category} />).container.querySelectorAll(".product-picture[aria-hidden] svg").length;

test("a category that is known is drawn, for the eye alone", () => {
  expect(drawn("Coffee & tea")).toBe(1);
  expect(drawn("Garden|Home")).toBe(1);
});

test("nothing is drawn for other categories", () => {
  expect(drawn("Film-Noir")).toBe(0);
  expect(drawn(null)).toBe(0);
});
