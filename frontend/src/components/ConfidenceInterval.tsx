import { Text } from "@mantine/core";
import { figure } from "../lib/format";

type Props = { low: number | null | undefined; high: number | null | undefined; format?: (value: number) => string };

/** The interval of a figure, in small print below it; nothing if it has none. */
export function ConfidenceInterval({ low, high, format = figure }: Props) {
  if (low == null || high == null) return null;
  return (
    <Text size="xs" c="dimmed" fw={400} style={{ whiteSpace: "nowrap" }}>
      {format(low)} – {format(high)}
    </Text>
  );
}
