import { CartesianGrid, LabelList, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from "recharts";
import { figure, roughly } from "../lib/format";
import { colour } from "../lib/palette";
import { Chart, GRID, INK, TICK, TOOLTIP } from "./frame";

export type Placed = { model: string; name: string; coverage: number; ndcg: number };

/** Up is accurate, right is varied. */
export default function Coverage({ rows }: { rows: Placed[] }) {
  const says = rows.map((row) => `${row.name}: nDCG@10 ${figure(row.ndcg)}, ${roughly(row.coverage)} of the catalogue`).join("; ");
  return (
    <Chart says={says} height={320}>
      <ScatterChart accessibilityLayer={false} margin={{ left: 4, right: 56, top: 20, bottom: 18 }}>
        <CartesianGrid {...GRID} />
        <XAxis
          type="number"
          dataKey="coverage"
          domain={[0, 1]}
          tickFormatter={(x: number) => roughly(x)}
          tick={TICK}
          tickLine={false}
          label={{ value: "Catalogue that is recommended to somebody", position: "bottom", offset: 0, fill: "var(--mantine-color-dimmed)", fontSize: 12 }}
        />
        <YAxis type="number" dataKey="ndcg" domain={[0, "auto"]} tickFormatter={(x: number) => figure(x, 2)} tick={TICK} axisLine={false} tickLine={false} width={44} />
        <Tooltip {...TOOLTIP} cursor={false} formatter={(x, name) => (name === "coverage" ? roughly(Number(x)) : figure(Number(x)))} />
        {rows.map((row) => (
          <Scatter key={row.model} name={row.name} data={[row]} fill={colour(row.model)} isAnimationActive={false}>
            <LabelList dataKey="name" position="right" fill={INK} fontSize={12} offset={8} />
          </Scatter>
        ))}
      </ScatterChart>
    </Chart>
  );
}
