import { expect, test } from "vitest";
import { isGap, spanned } from "./months";

const months = (...counts: number[]) => counts.map((n, at) => ({ month: `2025-${String(at + 1).padStart(2, "0")}`, n }));
const drawn = (...counts: number[]) => spanned(months(...counts), (one) => one.n, 3);

test("the axis ends with the last month that has something", () => {
  expect(drawn(3, 0, 2, 0, 0, 0, 0, 0).rows.map((one) => one.month)).toEqual(["2025-01", "2025-02", "2025-03"]);
  expect(drawn(0, 0).rows).toEqual([]);
});

test("a long gap before what is new is one step, a short one is drawn", () => {
  const { rows, skipped } = drawn(3, 0, 0, 0, 0, 1);
  expect(rows.map((one) => isGap(one.month))).toEqual([false, true, false]);
  expect(skipped).toBe(4);
  expect(drawn(3, 0, 0, 0, 1)).toEqual({ rows: months(3, 0, 0, 0, 1), skipped: 0 });
});
