import { expect, test } from "vitest";
import { ticks } from "./ticks";
import { boundedNumber } from "./url";
import { asSentence, duration, figure, monthName, NONE, roughShare, timeAgo } from "./format";

test("a missing value is a dash, not a zero", () => {
  expect([figure(null), figure(undefined), figure(0)]).toEqual([NONE, NONE, "0.000"]);
});

test("a small share is not written as zero", () => {
  expect([roughShare(0), roughShare(0.001), roughShare(0.126)]).toEqual(["0%", "<1%", "13%"]);
});

test("time since, in the largest unit that fits", () => {
  const now = 1_800_000_000;
  expect([timeAgo(now - 30, now), timeAgo(now - 7_200, now), timeAgo(now - 3 * 86_400, now), timeAgo(now + 90, now)]).toEqual(["30 seconds ago", "2 hours ago", "3 days ago", "in 2 minutes"]);
});

test("how long something took is not written as zero", () => {
  expect([duration(null), duration(0.004), duration(0.1), duration(79.44)]).toEqual([NONE, "< 0.1 s", "0.1 s", "79.4 s"]);
});

test("a month is the same in every time zone", () => {
  expect(monthName("2026-01")).toBe("Jan 2026");
});

test("numbers in an address are clamped to their bounds", () => {
  expect(["5", "0", "999", "-3", "many", "", "7.9"].map((text) => boundedNumber(text, 1, 30, 6))).toEqual([5, 1, 30, 1, 6, 6, 7]);
});

test("ticks are round and span the data", () => {
  expect(ticks(0.078, 0.219)).toEqual([0.05, 0.1, 0.15, 0.2, 0.25]);
  expect(ticks(0, 0.207)).toEqual([0, 0.1, 0.2, 0.3]);
  expect(ticks(1.06, 1.11)).toEqual([1.06, 1.08, 1.1, 1.12]);
  expect(ticks(0, 0)).toHaveLength(2);
});

test("a message of the API becomes a sentence", () => {
  expect([asSentence("no item has the id 'x'"), asSentence("The server cannot be reached.")]).toEqual(["No item has the id 'x'.", "The server cannot be reached."]);
});

test("a name that begins with a small letter keeps it", () => {
  expect([asSentence("nDCG@10 +0.01 on 102 customers"), asSentence("kNN: not read")]).toEqual(["nDCG@10 +0.01 on 102 customers.", "kNN: not read."]);
});
