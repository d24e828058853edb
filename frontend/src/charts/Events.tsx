import { Bar, BarChart, CartesianGrid, Legend, Tooltip, XAxis, YAxis } from "recharts";
import type { Overview } from "../api/queries";
import { compact, count, monthName } from "../lib/format";
import { EVENT_COLOURS, KINDS } from "../lib/palette";
import { Chart, GRID, INK, TICK, TOOLTIP } from "./frame";

/** Events of each kind, month by month. */
export default function Events({ months }: { months: Overview["months"] }) {
  const kinds = KINDS.filter((kind) => months.some((month) => month.events[kind]));
  const rows = months.map((month) => ({ month: month.month, ...month.events }));
  const says = `Events by month, from ${monthName(months[0]?.month ?? "")} to ${monthName(months.at(-1)?.month ?? "")}`;
  return (
    <Chart says={says} height={260}>
      <BarChart data={rows} accessibilityLayer={false} margin={{ left: 0, right: 8, top: 8 }}>
        <CartesianGrid vertical={false} {...GRID} />
        <XAxis dataKey="month" tickFormatter={monthName} tick={TICK} tickLine={false} minTickGap={24} />
        <YAxis tickFormatter={compact} tick={TICK} axisLine={false} tickLine={false} width={44} />
        <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} labelFormatter={(month) => monthName(String(month))} formatter={(n) => count(Number(n))} />
        <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={(kind: string) => <span style={{ color: INK, fontSize: 13 }}>{kind}</span>} />
        {kinds.map((kind) => (
          <Bar key={kind} dataKey={kind} stackId="events" fill={EVENT_COLOURS[kind] ?? "#868E96"} isAnimationActive={false} />
        ))}
      </BarChart>
    </Chart>
  );
}
