import { Bar, BarChart, Legend, Tooltip, XAxis, YAxis } from "recharts";
import { roughly } from "../lib/format";
import { useInk } from "../lib/ink";
import { colour } from "../lib/palette";
import { Chart, INK, TICK, TOOLTIP } from "./frame";

export type Belief = { situation: string; shares: Record<string, number> };

/** The share that each component has in a hybrid's answer, situation by situation. */
export default function Beliefs({ rows, names }: { rows: Belief[]; names: Record<string, string> }) {
  const ink = useInk();
  const parts = Object.keys(rows[0]?.shares ?? {});
  const says = rows.map((row) => `${row.situation}: ${parts.map((part) => `${names[part] ?? part} ${roughly(row.shares[part] ?? 0)}`).join(", ")}`).join("; ");
  return (
    <Chart says={says} height={rows.length * 40 + 72}>
      <BarChart layout="vertical" data={rows.map((row) => ({ situation: row.situation, ...row.shares }))} accessibilityLayer={false} margin={{ left: 0, right: 16, top: 4 }}>
        <XAxis type="number" domain={[0, 1]} tickFormatter={(x: number) => roughly(x)} tick={TICK} tickLine={false} />
        <YAxis type="category" dataKey="situation" width={84} tick={{ ...TICK, fill: INK }} axisLine={false} tickLine={false} />
        <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} formatter={(x) => roughly(Number(x))} />
        <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={(words: string) => <span style={{ color: INK, fontSize: 13 }}>{words}</span>} />
        {parts.map((part) => (
          <Bar key={part} dataKey={part} name={names[part] ?? part} stackId="all" fill={ink(colour(part))} isAnimationActive={false} />
        ))}
      </BarChart>
    </Chart>
  );
}
