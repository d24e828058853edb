import { expect, test } from "vitest";
import { glossaryAddress, lookUp, MEASURES, SEGMENTS, segmentName } from "./glossary";
import { METRICS } from "./leaderboard";

test("each metric has an entry, and each entry is unique and a sentence", () => {
  expect(METRICS.filter((metric) => !lookUp(metric.metric))).toEqual([]);
  const entries = [...MEASURES, ...SEGMENTS];
  expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length);
  expect(entries.filter((entry) => !/^[A-Z0-9].*\.$/.test(entry.about))).toEqual([]);
});

test("segments are not said to buy: in data without purchases other events count", () => {
  expect(SEGMENTS.filter((segment) => /bought|buys|purchase/i.test(segment.about))).toEqual([]);
});

test("an entry of two words has an address, and a segment a name to read", () => {
  expect(glossaryAddress("at risk")).toBe("/glossary#at-risk");
  expect([segmentName("at risk"), segmentName("vip")]).toEqual(["at risk", "vip"]);
});
