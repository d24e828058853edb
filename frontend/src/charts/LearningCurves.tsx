import { CartesianGrid, Legend, Line, LineChart, Tooltip, XAxis, YAxis } from "recharts";
import { useLegible } from "../lib/contrast";
import { figure } from "../lib/format";
import { ChartFrame, GRID, legendText, TICK, TOOLTIP } from "./ChartFrame";

/** Training loss (dashed) and validation loss (solid) by epoch, a pair of lines per network. `networks`: [training, validation] of each epoch. */
export default function LearningCurves({ networks, colour, name }: { networks: number[][][]; colour: string; name: string }) {
  const stroke = useLegible(true)(colour);
  const epochs = Math.max(...networks.map((losses) => losses.length));
  const rows = Array.from({ length: epochs }, (_, epoch) => ({
    epoch: epoch + 1,
    ...Object.fromEntries(networks.flatMap((losses, k) => [[`t${k}`, losses[epoch]?.[0]], [`v${k}`, losses[epoch]?.[1]]])),
  }));
  const lowest = Math.min(...networks.flatMap((losses) => losses.map((loss) => loss[1] ?? Infinity)));
  return (
    <ChartFrame description={`Learning curves of ${name}: ${networks.length} networks, at most ${epochs} epochs, lowest validation loss ${figure(lowest)}`} height={220}>
      <LineChart data={rows} accessibilityLayer={false} margin={{ left: 0, right: 12, top: 8, bottom: 4 }}>
        <CartesianGrid vertical={false} {...GRID} />
        <XAxis dataKey="epoch" tick={TICK} tickLine={false} />
        <YAxis domain={["auto", "auto"]} tickFormatter={(loss: number) => figure(loss, 2)} tick={TICK} axisLine={false} tickLine={false} width={44} />
        <Tooltip {...TOOLTIP} labelFormatter={(epoch) => `Epoch ${epoch}`} formatter={(loss) => figure(Number(loss))} />
        <Legend itemSorter={null} iconSize={14} formatter={legendText} />
        {networks.flatMap((_, k) => [
          <Line key={`t${k}`} dataKey={`t${k}`} name="training" stroke={stroke} strokeDasharray="4 3" dot={false} isAnimationActive={false} legendType={k ? "none" : "plainline"} />,
          <Line key={`v${k}`} dataKey={`v${k}`} name="validation" stroke={stroke} strokeWidth={2} dot={false} isAnimationActive={false} legendType={k ? "none" : "plainline"} />,
        ])}
      </LineChart>
    </ChartFrame>
  );
}
