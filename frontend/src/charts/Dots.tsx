import { CartesianGrid, ErrorBar, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from "recharts";
import { figure } from "../lib/format";
import { useInk } from "../lib/ink";
import { colour } from "../lib/palette";
import { ticks } from "../lib/ticks";
import { Chart, GRID, TICK, TOOLTIP } from "./frame";

export type Dotted = { model: string; name: string; value: number; low: number | null; high: number | null };

/** A dot and its 95 % interval per model, the best at the top. */
export default function Dots({ rows, metric, write = figure, onAxis = (x) => figure(x, 2) }: { rows: Dotted[]; metric: string; write?: (x: number) => string; onAxis?: (x: number) => string }) {
  const ink = useInk();
  const says = `${metric}: ${rows.map((row) => `${row.name} ${write(row.value)}`).join(", ")}`;
  const low = Math.min(...rows.map((row) => row.low ?? row.value));
  const high = Math.max(...rows.map((row) => row.high ?? row.value));
  const marks = ticks(Math.max(0, low - (high - low) * 0.05), high);
  return (
    <Chart says={says} height={rows.length * 34 + 48}>
      <ScatterChart accessibilityLayer={false} margin={{ left: 0, right: 16, top: 4, bottom: 0 }}>
        <CartesianGrid horizontal={false} {...GRID} />
        <XAxis type="number" dataKey="value" domain={[marks[0] ?? 0, marks.at(-1) ?? 1]} ticks={marks} tickFormatter={(x: number) => onAxis(x)} tick={TICK} tickLine={false} />
        <YAxis type="category" dataKey="name" allowDuplicatedCategory={false} width={112} tick={{ ...TICK, fill: "var(--mantine-color-text)" }} axisLine={false} tickLine={false} reversed />
        <Tooltip {...TOOLTIP} cursor={false} content={({ payload }) => <Told row={payload[0]?.payload as Dotted | undefined} write={write} />} />
        {rows.map((row) => (
          <Scatter
            key={row.model}
            data={[{ ...row, ends: row.low == null || row.high == null ? [0, 0] : [row.value - row.low, row.high - row.value] }]}
            fill={ink(colour(row.model))}
            isAnimationActive={false}
          >
            <ErrorBar dataKey="ends" direction="x" stroke={ink(colour(row.model))} strokeWidth={2.5} width={0} />
          </Scatter>
        ))}
      </ScatterChart>
    </Chart>
  );
}

function Told({ row, write }: { row: Dotted | undefined; write: (x: number) => string }) {
  if (!row) return null;
  return (
    <div style={{ ...TOOLTIP.contentStyle, padding: 8 }}>
      <b>{row.name}</b>
      <br />
      {write(row.value)}
      {row.low != null && row.high != null && ` [${write(row.low)}, ${write(row.high)}]`}
    </div>
  );
}
