export type Axis<M> = { rows: (M & { month: string })[]; skipped: number }; // skipped: empty months drawn as one step

const GAP = "…";

/** Return true for a row of `monthAxis` that stands for a run of empty months. */
export const isGap = (month: string): boolean => month.startsWith(GAP);

/** Return the months of an axis. It ends at the last month with activity; more than `longestRun` empty months in a row become a single step. */
export function monthAxis<M extends { month: string }>(months: M[], activity: (month: M) => number, longestRun = 6): Axis<M> {
  const last = months.findLastIndex((month) => activity(month) > 0);
  const rows: M[] = [];
  let empty: M[] = [];
  let skipped = 0;
  for (const month of last < 0 ? [] : months.slice(0, last + 1)) {
    if (activity(month) > 0) {
      if (empty.length > longestRun) {
        skipped += empty.length;
        empty = empty.slice(0, 1).map((first) => ({ ...first, month: GAP + first.month }));
      }
      rows.push(...empty, month);
      empty = [];
    } else empty.push(month);
  }
  return { rows, skipped };
}
