import { Group, Progress, Stack, Text } from "@mantine/core";
import { roughly } from "../lib/format";

/** Shares of a whole, as bars below each other; a full bar would be all of it. */
export function Shares({ rows, colour = "var(--mantine-primary-color-filled)" }: { rows: { name: string; share: number }[]; colour?: string }) {
  return (
    <Stack gap={6} component="ul" p={0} m={0} style={{ listStyle: "none" }}>
      {rows.map((row) => (
        <li key={row.name}>
          <Group justify="space-between" gap="xs">
            <Text size="sm">{row.name}</Text>
            <Text size="sm" c="dimmed">
              {roughly(row.share)}
            </Text>
          </Group>
          <Progress value={100 * row.share} color={colour} size="sm" aria-label={row.name} />
        </li>
      ))}
    </Stack>
  );
}
