import { Text } from "@mantine/core";
import { type ReactElement } from "react";
import { ResponsiveContainer } from "recharts";
import { monthName } from "../lib/format";
import { isGap } from "../lib/monthAxis";

// styles that all charts share
export const TICK = { fill: "var(--mantine-color-dimmed)", fontSize: 12 } as const;
export const GRID = { stroke: "var(--mantine-color-default-border)", strokeDasharray: "2 4" } as const;
export const TEXT_COLOUR = "var(--mantine-color-text)";
export const TOOLTIP = {
  contentStyle: { background: "var(--mantine-color-body)", border: "1px solid var(--mantine-color-default-border)", borderRadius: 8, fontSize: 13 },
  labelStyle: { color: TEXT_COLOUR, fontWeight: 600 },
  itemStyle: { color: TEXT_COLOUR, padding: 0 },
  isAnimationActive: false,
} as const;

/** Frame a chart; `description` is what a screen reader says in its place. */
export function ChartFrame({ description, height, children }: { description: string; height: number; children: ReactElement }) {
  return (
    <figure role="img" aria-label={description} style={{ margin: 0, height }}>
      <ResponsiveContainer width="100%" height="100%">
        {children}
      </ResponsiveContainer>
    </figure>
  );
}

/** Format an entry of a legend in the colour of text, not of its series. */
export const legendText = (name: string) => <span style={{ color: TEXT_COLOUR, fontSize: 13 }}>{name}</span>;

/** Format a tick of a month axis. */
export const monthTick = (month: string): string => (isGap(month) ? "…" : monthName(month));

/** Format the heading of a tooltip on a month axis. */
export const monthLabel = (month: unknown): string => (isGap(String(month)) ? "" : monthName(String(month)));

/** Explain the gap in a month axis. */
export function SkippedMonths({ months }: { months: number }) {
  if (!months) return null;
  return (
    <Text size="xs" c="dimmed" mt={4}>
      … stands for {months} months without activity.
    </Text>
  );
}
