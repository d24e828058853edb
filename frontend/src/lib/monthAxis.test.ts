import { expect, test } from "vitest";
import { isGap, monthAxis } from "./monthAxis";

const months = (...counts: number[]) => counts.map((n, at) => ({ month: `2025-${String(at + 1).padStart(2, "0")}`, n }));
const axis = (...counts: number[]) => monthAxis(months(...counts), (month) => month.n, 3);

test("the axis ends at the last month with activity", () => {
  expect(axis(3, 0, 2, 0, 0, 0, 0, 0).rows.map((row) => row.month)).toEqual(["2025-01", "2025-02", "2025-03"]);
  expect(axis(0, 0).rows).toEqual([]);
});

test("a long run of empty months is one step, a short one is drawn in full", () => {
  const { rows, skipped } = axis(3, 0, 0, 0, 0, 1);
  expect(rows.map((row) => isGap(row.month))).toEqual([false, true, false]);
  expect(skipped).toBe(4);
  expect(axis(3, 0, 0, 0, 1)).toEqual({ rows: months(3, 0, 0, 0, 1), skipped: 0 });
});
