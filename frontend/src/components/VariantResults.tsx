import { Alert, Text } from "@mantine/core";
import type { Experiments } from "../api/queries";
import { count, figure, share } from "../lib/format";
import { useModelInfo } from "../lib/models";

const RATES: Record<string, string> = { click_through: "Click-through rate", conversion: "Conversion rate" };

/** The number of customers in each variant, the differences between the variants, and what they say. */
export function VariantResults({ results }: { results: Experiments["results"] }) {
  const { nameOf } = useModelInfo();
  if (!results.sizes?.length)
    return (
      <Text size="sm" c="dimmed">
        No results yet.
      </Text>
    );
  const sampleRatioMismatch = results.sizes.some((size) => size.p != null && size.p < 0.001);
  return (
    <>
      <Text size="sm">
        Customers so far: {results.sizes.map((size) => `${nameOf(size.arm)} ${count(size.customers)} (${figure(size.expected, 0)} expected)`).join(", ")}.
      </Text>
      {sampleRatioMismatch && <Alert color="yellow">Sample ratio mismatch: the customers are not split as planned, so do not trust the comparison.</Alert>}
      {(results.by_arm ?? []).map((row) => (
        <Text key={row.model} size="sm">
          {nameOf(row.model)}: {share(row.click_through)} clicked, {share(row.conversion)} converted, of {count(row.impressions)} impressions
        </Text>
      ))}
      {(results.arms ?? []).map((row) => (
        <Text key={`${row.arm}-${row.other}-${row.metric}`} size="sm" c="dimmed">
          {RATES[row.metric] ?? row.metric}: {nameOf(row.arm)} − {nameOf(row.other)} = {share(row.difference)}
          {row.low != null && row.high != null && ` (95% interval ${share(row.low)} to ${share(row.high)})`}
          {`. ${row.better ? `${nameOf(row.arm)} is better` : "The difference may be chance"}.`}
        </Text>
      ))}
      {(results.arms ?? []).length > 0 && (
        <Text size="xs" c="dimmed">
          This holds for one look, at a time that was chosen before. Whoever looks again and again and stops at the first difference is wrong more often than once in twenty.
        </Text>
      )}
    </>
  );
}
