import { CartesianGrid, Legend, Line, LineChart, Tooltip, XAxis, YAxis } from "recharts";
import { figure } from "../lib/format";
import { useInk } from "../lib/ink";
import { Chart, GRID, INK, TICK, TOOLTIP } from "./frame";

/** Loss in training (dashed) and on what is held out (solid), a line per network. */
export default function Curves({ members, colour, name }: { members: number[][][]; colour: string; name: string }) {
  const seen = useInk(true)(colour);
  const longest = Math.max(...members.map((one) => one.length));
  const rows = Array.from({ length: longest }, (_, epoch) => ({
    epoch: epoch + 1,
    ...Object.fromEntries(members.flatMap((one, k) => [[`t${k}`, one[epoch]?.[0]], [`h${k}`, one[epoch]?.[1]]])),
  }));
  const ends = members.map((one) => Math.min(...one.map((pass) => pass[1] ?? Infinity)));
  return (
    <Chart says={`Learning curves of ${name}: ${members.length} networks, at most ${longest} passes, lowest held-out loss ${figure(Math.min(...ends))}`} height={220}>
      <LineChart data={rows} accessibilityLayer={false} margin={{ left: 0, right: 12, top: 8, bottom: 4 }}>
        <CartesianGrid vertical={false} {...GRID} />
        <XAxis dataKey="epoch" tick={TICK} tickLine={false} />
        <YAxis domain={["auto", "auto"]} tickFormatter={(x: number) => figure(x, 2)} tick={TICK} axisLine={false} tickLine={false} width={44} />
        <Tooltip {...TOOLTIP} labelFormatter={(epoch) => `Pass ${epoch}`} formatter={(x) => figure(Number(x))} />
        <Legend itemSorter={null} iconSize={14} formatter={(words: string) => <span style={{ color: INK, fontSize: 13 }}>{words}</span>} />
        {members.flatMap((_, k) => [
          <Line key={`t${k}`} dataKey={`t${k}`} name="in training" stroke={seen} strokeDasharray="4 3" dot={false} isAnimationActive={false} legendType={k ? "none" : "plainline"} />,
          <Line key={`h${k}`} dataKey={`h${k}`} name="held out" stroke={seen} strokeWidth={2} dot={false} isAnimationActive={false} legendType={k ? "none" : "plainline"} />,
        ])}
      </LineChart>
    </Chart>
  );
}
