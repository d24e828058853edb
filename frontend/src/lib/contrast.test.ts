import { expect, test } from "vitest";
import { contrast, legible } from "./contrast";
import { EVENT_KINDS } from "./eventKinds";

const LEVELS = ["00", "33", "66", "99", "cc", "ff"];
const ANY = LEVELS.flatMap((r) => LEVELS.flatMap((g) => LEVELS.map((b) => `#${r}${g}${b}`))); // a model may have any colour

test("every colour is legible on a dark background and on a light one", () => {
  for (const colour of [...ANY, ...Object.values(EVENT_KINDS).map((kind) => kind.colour)])
    for (const background of ["#242424", "#ffffff"]) expect(contrast(legible(colour, background), background), colour).toBeGreaterThanOrEqual(3);
});

test("a colour with enough contrast is unchanged", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(legible("#d55e00", "#242424")).toBe("#d55e00");
  expect(legible("#772200", "#242424")).not.toBe("#772200");
});
