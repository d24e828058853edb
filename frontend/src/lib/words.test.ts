import { expect, test } from "vitest";
import { METRICS } from "./board";
import { PALETTE } from "./palette";
import { known, MEASURES, MODELS, place, SEGMENTS } from "./words";

test("each metric and each model is explained, in a sentence, once", () => {
  expect(METRICS.filter((metric) => !known(metric.metric))).toEqual([]);
  expect(MODELS.map((one) => one.id).sort()).toEqual(Object.keys(PALETTE).sort());
  const words = [...MEASURES, ...SEGMENTS, ...MODELS];
  expect(new Set(words.map((one) => one.id)).size).toBe(words.length);
  expect(words.filter((one) => !/^[A-Z].*\.$/.test(one.about))).toEqual([]);
});

test("a word of two words has a place too", () => {
  expect(place("at risk")).toBe("/words#at-risk");
});
