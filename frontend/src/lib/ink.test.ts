import { expect, test } from "vitest";
import { contrast, legible } from "./ink";
import { EVENT_COLOURS, PALETTE } from "./palette";

test("every colour can be seen on a dark ground and on a light one", () => {
  for (const colour of [...Object.values(PALETTE), ...Object.values(EVENT_COLOURS)])
    for (const ground of ["#242424", "#ffffff"]) expect(contrast(legible(colour, ground), ground), colour).toBeGreaterThanOrEqual(3);
});

test("what can be seen stays as it is", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(legible("#d55e00", "#242424")).toBe("#d55e00");
  expect(legible("#772200", "#242424")).not.toBe("#772200");
});
