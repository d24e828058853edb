import { Bar, BarChart, CartesianGrid, Legend, Tooltip, XAxis, YAxis } from "recharts";
import type { Profile } from "../api/queries";
import { compact, count, monthName } from "../lib/format";
import { isGap, spanned } from "../lib/months";
import { EVENT_COLOURS } from "../lib/palette";
import { Chart, GRID, INK, onAxis, Skipped, TICK, TOOLTIP } from "./frame";

/** What a customer did, month by month. */
export default function Activity({ months }: { months: Profile["activity"] }) {
  const { rows, skipped } = spanned(months, (month) => month.events);
  const total = rows.reduce((sum, one) => sum + one.events, 0);
  return (
    <>
      <Chart says={`${total} events in ${months.length} months`} height={220}>
        <BarChart data={rows.map(({ month, events, purchases = 0 }) => ({ month, purchases, others: events - purchases }))} accessibilityLayer={false} margin={{ left: 0, right: 8, top: 8 }}>
          <CartesianGrid vertical={false} {...GRID} />
          <XAxis dataKey="month" tickFormatter={onAxis} tick={TICK} tickLine={false} minTickGap={24} interval="equidistantPreserveStart" />
          <YAxis tickFormatter={compact} tick={TICK} axisLine={false} tickLine={false} width={32} allowDecimals={false} />
          <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} labelFormatter={(month) => (isGap(String(month)) ? "" : monthName(String(month)))} formatter={(n) => count(Number(n))} />
          <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={(name: string) => <span style={{ color: INK, fontSize: 13 }}>{name}</span>} />
          <Bar dataKey="purchases" stackId="events" fill={EVENT_COLOURS.purchase ?? ""} isAnimationActive={false} />
          <Bar dataKey="others" name="other events" stackId="events" fill={EVENT_COLOURS.click ?? ""} isAnimationActive={false} />
        </BarChart>
      </Chart>
      <Skipped months={skipped} />
    </>
  );
}
