import { Text } from "@mantine/core";
import { type ReactElement } from "react";
import { ResponsiveContainer } from "recharts";
import { monthName } from "../lib/format";
import { isGap } from "../lib/months";

/** What all charts share: ink, rules and the words for those who do not see them. */
export const TICK = { fill: "var(--mantine-color-dimmed)", fontSize: 12 } as const;
export const GRID = { stroke: "var(--mantine-color-default-border)", strokeDasharray: "2 4" } as const;
export const INK = "var(--mantine-color-text)";
export const TOOLTIP = {
  contentStyle: { background: "var(--mantine-color-body)", border: "1px solid var(--mantine-color-default-border)", borderRadius: 8, fontSize: 13 },
  labelStyle: { color: INK, fontWeight: 600 },
  itemStyle: { color: INK, padding: 0 },
  isAnimationActive: false,
} as const;

export function Chart({ says, height, children }: { says: string; height: number; children: ReactElement }) {
  return (
    <figure role="img" aria-label={says} style={{ margin: 0, height }}>
      <ResponsiveContainer width="100%" height="100%">
        {children}
      </ResponsiveContainer>
    </figure>
  );
}

export const onAxis = (month: string): string => (isGap(month) ? "…" : monthName(month));

/** Says what the gap in an axis of months stands for. */
export function Skipped({ months }: { months: number }) {
  if (!months) return null;
  return (
    <Text size="xs" c="dimmed" mt={4}>
      … stands for {months} months in which nothing was done.
    </Text>
  );
}
