import { CartesianGrid, Legend, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from "recharts";
import { figure, roughly } from "../lib/format";
import { useInk } from "../lib/ink";
import { colour } from "../lib/palette";
import { ticks } from "../lib/ticks";
import { Chart, GRID, INK, TICK, TOOLTIP } from "./frame";

export type Placed = { model: string; name: string; coverage: number; ndcg: number };

/** Up is accurate, right is varied. */
export default function Coverage({ rows }: { rows: Placed[] }) {
  const ink = useInk();
  const says = rows.map((row) => `${row.name}: nDCG@10 ${figure(row.ndcg)}, ${roughly(row.coverage)} of the catalogue`).join("; ");
  const marks = ticks(0, Math.max(...rows.map((row) => row.ndcg)));
  return (
    <Chart says={says} height={320}>
      <ScatterChart accessibilityLayer={false} margin={{ left: 4, right: 16, top: 8, bottom: 4 }}>
        <CartesianGrid {...GRID} />
        <XAxis
          type="number"
          dataKey="coverage"
          domain={[0, 1]}
          tickFormatter={(x: number) => roughly(x)}
          tick={TICK}
          tickLine={false}
        />
        <YAxis type="number" dataKey="ndcg" domain={[0, marks.at(-1) ?? 1]} ticks={marks} tickFormatter={(x: number) => figure(x, 2)} tick={TICK} axisLine={false} tickLine={false} width={44} />
        <Tooltip {...TOOLTIP} cursor={false} content={({ payload }) => <Told row={payload[0]?.payload as Placed | undefined} />} />
        <Legend iconType="circle" iconSize={8} itemSorter={null} formatter={(name: string) => <span style={{ color: INK, fontSize: 13 }}>{name}</span>} />
        {rows.map((row) => (
          <Scatter key={row.model} name={row.name} data={[row]} fill={ink(colour(row.model))} isAnimationActive={false} />
        ))}
      </ScatterChart>
    </Chart>
  );
}

function Told({ row }: { row: Placed | undefined }) {
  if (!row) return null;
  return (
    <div style={{ ...TOOLTIP.contentStyle, padding: 8 }}>
      <b>{row.name}</b>
      <br />
      nDCG@10 {figure(row.ndcg)}
      <br />
      {roughly(row.coverage)} of the catalogue is shown to somebody
    </div>
  );
}
