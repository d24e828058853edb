import { useQuery } from "@tanstack/react-query";
import { Bar, BarChart, Legend, Tooltip, XAxis, YAxis } from "recharts";
import { models } from "../api/queries";
import { useLegible } from "../lib/contrast";
import { asTitle, roughShare } from "../lib/format";
import { useModelInfo } from "../lib/models";
import { ChartFrame, legendText, TEXT_COLOUR, TICK, TOOLTIP } from "./ChartFrame";

export type WeightRow = { situation: string; shares: Record<string, number> };

const SITUATIONS: Record<string, string> = { "cold item": "new item" }; // where the page uses another word than the API

const nameOfSituation = ({ situation }: WeightRow): string => SITUATIONS[situation] ?? situation;

/** The weight of each component in a hybrid's score, one bar per situation. `names`: of components, which need not be deployed by themselves. */
export default function ComponentWeights({ rows, names = {} }: { rows: WeightRow[]; names?: Record<string, string> }) {
  const legible = useLegible();
  const { data: served = [] } = useQuery(models);
  const { nameOf: servedName, colourOf } = useModelInfo();
  const nameOf = (key: string): string => (served.some((model) => model.key === key) ? servedName(key) : asTitle(names[key] ?? key));
  const components = Object.keys(rows[0]?.shares ?? {});
  const description = rows.map((row) => `${nameOfSituation(row)}: ${components.map((key) => `${nameOf(key)} ${roughShare(row.shares[key] ?? 0)}`).join(", ")}`).join("; ");
  return (
    <ChartFrame description={description} height={rows.length * 40 + 72}>
      <BarChart layout="vertical" data={rows.map((row) => ({ situation: nameOfSituation(row), ...row.shares }))} accessibilityLayer={false} margin={{ left: 0, right: 16, top: 4 }}>
        <XAxis type="number" domain={[0, 1]} tickFormatter={roughShare} tick={TICK} tickLine={false} />
        <YAxis type="category" dataKey="situation" width={84} tick={{ ...TICK, fill: TEXT_COLOUR }} axisLine={false} tickLine={false} />
        <Tooltip {...TOOLTIP} cursor={{ fillOpacity: 0.12 }} formatter={(share) => roughShare(Number(share))} />
        <Legend itemSorter={null} iconType="circle" iconSize={8} formatter={legendText} />
        {components.map((key) => (
          <Bar key={key} dataKey={key} name={nameOf(key)} stackId="weights" fill={legible(colourOf(key))} isAnimationActive={false} />
        ))}
      </BarChart>
    </ChartFrame>
  );
}
