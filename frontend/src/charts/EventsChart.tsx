import { Bar, BarChart, CartesianGrid, Legend, Tooltip, XAxis, YAxis } from "recharts";
import type { Overview } from "../api/queries";
import { useLegible } from "../lib/contrast";
import { EVENT_KINDS, KINDS, nounFor } from "../lib/eventKinds";
import { compact, count, monthName } from "../lib/format";
import { monthAxis } from "../lib/monthAxis";
import { ChartFrame, GRID, legendText, monthLabel, monthTick, SkippedMonths, TICK, TOOLTIP } from "./ChartFrame";

type Month = Overview["months"][number];

const interactions = (month: Month): number => Object.entries(month.events).reduce((sum, [kind, n]) => sum + (kind === "impression" ? 0 : n), 0);

/** Events by month, stacked by kind. */
export default function EventsChart({ months }: { months: Month[] }) {
  const legible = useLegible();
  const kinds = KINDS.filter((kind) => months.some((month) => month.events[kind]));
  const { rows, skipped } = monthAxis(months, interactions);
  const description = `Events by month, from ${monthName(rows[0]?.month ?? "")} to ${monthName(rows.at(-1)?.month ?? "")}`;
  return (
    <>
      <ChartFrame description={description} height={260}>
        <BarChart data={rows.map((row) => ({ month: row.month, ...row.events }))} accessibilityLayer={false} margin={{ left: 0, right: 8, top: 8 }}>
          <CartesianGrid vertical={false} {...GRID} />
          <XAxis dataKey="month" tickFormatter={monthTick} tick={TICK} tickLine={false} minTickGap={24} interval="equidistantPreserveStart" />
          <YAxis tickFormatter={compact} tick={TICK} axisLine={false} tickLine={false} width={44} />
          <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} labelFormatter={monthLabel} formatter={(n) => count(Number(n))} />
          <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={legendText} />
          {kinds.map((kind) => (
            <Bar key={kind} dataKey={kind} name={nounFor(kind, 2)} stackId="events" fill={legible(EVENT_KINDS[kind].colour)} isAnimationActive={false} />
          ))}
        </BarChart>
      </ChartFrame>
      <SkippedMonths months={skipped} />
    </>
  );
}
