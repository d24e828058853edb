import { Bar, BarChart, CartesianGrid, Legend, Tooltip, XAxis, YAxis } from "recharts";
import type { Profile } from "../api/queries";
import { EVENT_KINDS } from "../lib/eventKinds";
import { compact, count } from "../lib/format";
import { monthAxis } from "../lib/monthAxis";
import { ChartFrame, GRID, legendText, monthLabel, monthTick, SkippedMonths, TICK, TOOLTIP } from "./ChartFrame";

/** A customer's events by month, with purchases set apart where there are any. */
export default function ActivityChart({ months }: { months: Profile["activity"] }) {
  const { rows, skipped } = monthAxis(months, (month) => month.events);
  const sells = rows.some((month) => (month.purchases ?? 0) > 0);
  const total = rows.reduce((sum, month) => sum + month.events, 0);
  return (
    <>
      <ChartFrame description={`${total} events in ${months.length} months`} height={220}>
        <BarChart data={rows.map(({ month, events, purchases = 0 }) => ({ month, purchases, others: events - purchases }))} accessibilityLayer={false} margin={{ left: 0, right: 8, top: 8 }}>
          <CartesianGrid vertical={false} {...GRID} />
          <XAxis dataKey="month" tickFormatter={monthTick} tick={TICK} tickLine={false} minTickGap={24} interval="equidistantPreserveStart" />
          <YAxis tickFormatter={compact} tick={TICK} axisLine={false} tickLine={false} width={32} allowDecimals={false} />
          <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} labelFormatter={monthLabel} formatter={(n) => count(Number(n))} />
          <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={legendText} />
          {sells && <Bar dataKey="purchases" stackId="events" fill={EVENT_KINDS.purchase.colour} isAnimationActive={false} />}
          <Bar dataKey="others" name={sells ? "other events" : "events"} stackId="events" fill={EVENT_KINDS.click.colour} isAnimationActive={false} />
        </BarChart>
      </ChartFrame>
      <SkippedMonths months={skipped} />
    </>
  );
}
