import { Bar, BarChart, CartesianGrid, Legend, Tooltip, XAxis, YAxis } from "recharts";
import type { Profile } from "../api/queries";
import { compact, count, monthName } from "../lib/format";
import { EVENT_COLOURS } from "../lib/palette";
import { Chart, GRID, INK, TICK, TOOLTIP } from "./frame";

/** What a customer did, month by month. */
export default function Activity({ months }: { months: Profile["activity"] }) {
  const rows = months.map(({ month, events, purchases = 0 }) => ({ month, purchases, others: events - purchases }));
  const total = months.reduce((sum, one) => sum + one.events, 0);
  return (
    <Chart says={`${total} events in ${months.length} months`} height={220}>
      <BarChart data={rows} accessibilityLayer={false} margin={{ left: 0, right: 8, top: 8 }}>
        <CartesianGrid vertical={false} {...GRID} />
        <XAxis dataKey="month" tickFormatter={monthName} tick={TICK} tickLine={false} minTickGap={24} />
        <YAxis tickFormatter={compact} tick={TICK} axisLine={false} tickLine={false} width={32} allowDecimals={false} />
        <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} labelFormatter={(month) => monthName(String(month))} formatter={(n) => count(Number(n))} />
        <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={(name: string) => <span style={{ color: INK, fontSize: 13 }}>{name}</span>} />
        <Bar dataKey="purchases" stackId="events" fill={EVENT_COLOURS.purchase ?? ""} isAnimationActive={false} />
        <Bar dataKey="others" name="other events" stackId="events" fill={EVENT_COLOURS.click ?? ""} isAnimationActive={false} />
      </BarChart>
    </Chart>
  );
}
