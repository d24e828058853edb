import { CartesianGrid, ErrorBar, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from "recharts";
import { useLegible } from "../lib/contrast";
import { figure } from "../lib/format";
import { useModelInfo } from "../lib/models";
import { ticks } from "../lib/ticks";
import { ChartFrame, GRID, TEXT_COLOUR, TICK, TOOLTIP } from "./ChartFrame";

export type Estimate = { model: string; name: string; value: number; low: number | null; high: number | null };

type Props = {
  rows: Estimate[];
  metric: string;
  format?: (value: number) => string;
  formatTick?: (value: number) => string;
};

/** Estimates with their 95% intervals, a row per model in the order given. */
export default function IntervalPlot({ rows, metric, format = figure, formatTick = (value) => figure(value, 2) }: Props) {
  const legible = useLegible();
  const { colourOf } = useModelInfo();
  const description = `${metric}: ${rows.map((row) => `${row.name} ${format(row.value)}`).join(", ")}`;
  const low = Math.min(...rows.map((row) => row.low ?? row.value));
  const high = Math.max(...rows.map((row) => row.high ?? row.value));
  const marks = ticks(Math.max(0, low - (high - low) * 0.05), high);
  return (
    <ChartFrame description={description} height={rows.length * 34 + 48}>
      <ScatterChart accessibilityLayer={false} margin={{ left: 0, right: 16, top: 4, bottom: 0 }}>
        <CartesianGrid horizontal={false} {...GRID} />
        <XAxis type="number" dataKey="value" domain={[marks[0] ?? 0, marks.at(-1) ?? 1]} ticks={marks} tickFormatter={(value: number) => formatTick(value)} tick={TICK} tickLine={false} />
        <YAxis type="category" dataKey="name" allowDuplicatedCategory={false} width={112} tick={{ ...TICK, fill: TEXT_COLOUR }} axisLine={false} tickLine={false} reversed />
        <Tooltip {...TOOLTIP} cursor={false} content={({ payload }) => <EstimateTooltip row={payload[0]?.payload as Estimate | undefined} format={format} />} />
        {rows.map((row) => {
          const colour = legible(colourOf(row.model));
          const errors = row.low == null || row.high == null ? [0, 0] : [row.value - row.low, row.high - row.value];
          return (
            <Scatter key={row.model} data={[{ ...row, errors }]} fill={colour} isAnimationActive={false}>
              <ErrorBar dataKey="errors" direction="x" stroke={colour} strokeWidth={2.5} width={0} isAnimationActive={false} />
            </Scatter>
          );
        })}
      </ScatterChart>
    </ChartFrame>
  );
}

function EstimateTooltip({ row, format }: { row: Estimate | undefined; format: (value: number) => string }) {
  if (!row) return null;
  return (
    <div style={{ ...TOOLTIP.contentStyle, padding: 8 }}>
      <b>{row.name}</b>
      <br />
      {format(row.value)}
      {row.low != null && row.high != null && ` [${format(row.low)}, ${format(row.high)}]`}
    </div>
  );
}
