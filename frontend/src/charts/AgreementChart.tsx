import { CartesianGrid, ErrorBar, LabelList, Scatter, ScatterChart, Tooltip, XAxis, YAxis } from "recharts";
import type { VersionAgreement } from "../api/queries";
import { useLegible } from "../lib/contrast";
import { figure, share } from "../lib/format";
import { shortLabel, useModelInfo } from "../lib/models";
import { ticks } from "../lib/ticks";
import { ChartFrame, GRID, TEXT_COLOUR, TICK, TOOLTIP } from "./ChartFrame";

type Props = { rows: VersionAgreement[]; metric: string; rate: string };
type Point = { name: string; x: number; y: number; across: [number, number]; up: [number, number] };

/** How far an interval reaches to both sides of its value; nowhere if there is none. */
const reach = (value: number, low: number | null | undefined, high: number | null | undefined): [number, number] => (low == null || high == null ? [0, 0] : [value - low, high - value]);

/** Return where a version stands, and how far its intervals reach. */
function pointOf(row: VersionAgreement): Point {
  const [x, y] = [row.offline ?? 0, row.online ?? 0];
  return { name: shortLabel(row.label), x, y, across: reach(x, row.offline_low, row.offline_high), up: reach(y, row.online_low, row.online_high) };
}

/** Return the ticks of an axis that holds all intervals. */
const axis = (ends: [number, [number, number]][]): number[] => ticks(Math.max(0, Math.min(...ends.map(([value, [below]]) => value - below))), Math.max(...ends.map(([value, [, above]]) => value + above)));

/** The offline figure of each version against the rate that was observed, with the intervals of both. */
export default function AgreementChart({ rows, metric, rate }: Props) {
  const legible = useLegible();
  const { colourOf } = useModelInfo();
  const points = rows.map(pointOf);
  const description = `${rate} against ${metric}: ${points.map((point) => `${point.name} ${share(point.y)} at ${figure(point.x)}`).join(", ")}`;
  const [across, up] = [axis(points.map((point) => [point.x, point.across])), axis(points.map((point) => [point.y, point.up]))];
  return (
    <ChartFrame description={description} height={280}>
      <ScatterChart accessibilityLayer={false} margin={{ left: 0, right: 24, top: 12, bottom: 16 }}>
        <CartesianGrid {...GRID} />
        <XAxis type="number" dataKey="x" domain={[across[0] ?? 0, across.at(-1) ?? 1]} ticks={across} tickFormatter={(value: number) => figure(value, 2)} tick={TICK} tickLine={false} label={{ value: metric, position: "insideBottom", offset: -10, fill: TEXT_COLOUR, fontSize: 12 }} />
        <YAxis type="number" dataKey="y" domain={[up[0] ?? 0, up.at(-1) ?? 1]} ticks={up} tickFormatter={(value: number) => share(value)} tick={TICK} tickLine={false} width={56} />
        <Tooltip {...TOOLTIP} cursor={false} formatter={(value) => (typeof value === "number" ? figure(value) : String(value))} />
        {points.map((point, at) => {
          const colour = legible(colourOf(rows[at]?.model ?? ""));
          return (
            <Scatter key={`${rows[at]?.model} ${rows[at]?.version}`} name={point.name} data={[point]} fill={colour} isAnimationActive={false}>
              <ErrorBar dataKey="across" direction="x" stroke={colour} strokeWidth={2} width={0} isAnimationActive={false} />
              <ErrorBar dataKey="up" direction="y" stroke={colour} strokeWidth={2} width={0} isAnimationActive={false} />
              <LabelList
                dataKey="name"
                content={({ x, y, value }) => (
                  <text x={Number(x) + 12} y={Number(y) - 4} fill={TEXT_COLOUR} fontSize={12}>
                    {value}
                  </text>
                )}
              />
            </Scatter>
          );
        })}
      </ScatterChart>
    </ChartFrame>
  );
}
