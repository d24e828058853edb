export type Axis<M> = { rows: (M & { month: string })[]; skipped: number }; // skipped: months without anything that are drawn as one step

const GAP = "…";

/** What stands on the axis for a row of `spanned`. */
export const isGap = (month: string): boolean => month.startsWith(GAP);

/** The months of an axis: the last is one in which something was done, and more than `most` empty ones in between are a single step. */
export function spanned<M extends { month: string }>(months: M[], done: (month: M) => number, most = 6): Axis<M> {
  const last = months.findLastIndex((one) => done(one) > 0);
  const rows: M[] = [];
  let empty: M[] = [];
  let skipped = 0;
  for (const one of last < 0 ? [] : months.slice(0, last + 1)) {
    if (done(one) > 0) {
      if (empty.length > most) {
        skipped += empty.length;
        empty = empty.slice(0, 1).map((first) => ({ ...first, month: GAP + first.month }));
      }
      rows.push(...empty, one);
      empty = [];
    } else empty.push(one);
  }
  return { rows, skipped };
}
