import { Text } from "@mantine/core";
import { figure } from "../lib/format";

type Props = { low: number | null | undefined; high: number | null | undefined; write?: (x: number) => string };

/** The interval of a figure, small below it; nothing where it has none. */
export function Between({ low, high, write = figure }: Props) {
  if (low == null || high == null) return null;
  return (
    <Text size="xs" c="dimmed" fw={400} style={{ whiteSpace: "nowrap" }}>
      {write(low)} – {write(high)}
    </Text>
  );
}
