import { Bar, BarChart, CartesianGrid, Legend, Tooltip, XAxis, YAxis } from "recharts";
import type { Overview } from "../api/queries";
import { compact, count, monthName } from "../lib/format";
import { useInk } from "../lib/ink";
import { isGap, spanned } from "../lib/months";
import { EVENT_COLOURS, KINDS } from "../lib/palette";
import { Chart, GRID, INK, onAxis, Skipped, TICK, TOOLTIP } from "./frame";

type Month = Overview["months"][number];

const done = (month: Month): number => Object.entries(month.events).reduce((sum, [kind, n]) => sum + (kind === "impression" ? 0 : n), 0); // to be shown something is nothing done

/** Events of each kind, month by month. */
export default function Events({ months }: { months: Month[] }) {
  const ink = useInk();
  const kinds = KINDS.filter((kind) => months.some((month) => month.events[kind]));
  const { rows, skipped } = spanned(months, done);
  const says = `Events by month, from ${monthName(rows[0]?.month ?? "")} to ${monthName(rows.at(-1)?.month ?? "")}`;
  return (
    <>
      <Chart says={says} height={260}>
        <BarChart data={rows.map((row) => ({ month: row.month, ...row.events }))} accessibilityLayer={false} margin={{ left: 0, right: 8, top: 8 }}>
          <CartesianGrid vertical={false} {...GRID} />
          <XAxis dataKey="month" tickFormatter={onAxis} tick={TICK} tickLine={false} minTickGap={24} interval="equidistantPreserveStart" />
          <YAxis tickFormatter={compact} tick={TICK} axisLine={false} tickLine={false} width={44} />
          <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} labelFormatter={(month) => (isGap(String(month)) ? "" : monthName(String(month)))} formatter={(n) => count(Number(n))} />
          <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={(kind: string) => <span style={{ color: INK, fontSize: 13 }}>{kind}</span>} />
          {kinds.map((kind) => (
            <Bar key={kind} dataKey={kind} stackId="events" fill={ink(EVENT_COLOURS[kind] ?? "#868E96")} isAnimationActive={false} />
          ))}
        </BarChart>
      </Chart>
      <Skipped months={skipped} />
    </>
  );
}
