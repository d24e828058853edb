import { CartesianGrid, Legend, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from "recharts";
import { useLegible } from "../lib/contrast";
import { figure, roughShare } from "../lib/format";
import { useModelInfo } from "../lib/models";
import { ticks } from "../lib/ticks";
import { ChartFrame, GRID, legendText, TICK, TOOLTIP } from "./ChartFrame";

export type CoveragePoint = { model: string; name: string; coverage: number; ndcg: number };

/** Accuracy (nDCG@10, upwards) against coverage of the catalogue (to the right), a point per model. */
export default function CoverageChart({ points }: { points: CoveragePoint[] }) {
  const legible = useLegible();
  const { colourOf } = useModelInfo();
  const description = points.map((point) => `${point.name}: nDCG@10 ${figure(point.ndcg)}, ${roughShare(point.coverage)} of the catalogue`).join("; ");
  const marks = ticks(0, Math.max(...points.map((point) => point.ndcg)));
  return (
    <ChartFrame description={description} height={320}>
      <ScatterChart accessibilityLayer={false} margin={{ left: 4, right: 16, top: 8, bottom: 4 }}>
        <CartesianGrid {...GRID} />
        <XAxis type="number" dataKey="coverage" domain={[0, 1]} tickFormatter={roughShare} tick={TICK} tickLine={false} />
        <YAxis type="number" dataKey="ndcg" domain={[0, marks.at(-1) ?? 1]} ticks={marks} tickFormatter={(value: number) => figure(value, 2)} tick={TICK} axisLine={false} tickLine={false} width={44} />
        <Tooltip {...TOOLTIP} cursor={false} content={({ payload }) => <PointTooltip point={payload[0]?.payload as CoveragePoint | undefined} />} />
        <Legend iconType="circle" iconSize={8} itemSorter={null} formatter={legendText} />
        {points.map((point) => (
          <Scatter key={point.model} name={point.name} data={[point]} fill={legible(colourOf(point.model))} isAnimationActive={false} />
        ))}
      </ScatterChart>
    </ChartFrame>
  );
}

function PointTooltip({ point }: { point: CoveragePoint | undefined }) {
  if (!point) return null;
  return (
    <div style={{ ...TOOLTIP.contentStyle, padding: 8 }}>
      <b>{point.name}</b>
      <br />
      nDCG@10 {figure(point.ndcg)}
      <br />
      recommends {roughShare(point.coverage)} of the catalogue
    </div>
  );
}
