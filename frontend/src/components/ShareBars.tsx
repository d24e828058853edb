import { Group, Progress, Stack, Text } from "@mantine/core";
import { roughShare } from "../lib/format";

/** Shares of a whole as bars; a full bar is 100 %. */
export function ShareBars({ rows, colour = "var(--mantine-primary-color-filled)" }: { rows: { name: string; share: number }[]; colour?: string }) {
  return (
    <Stack gap={6} component="ul" p={0} m={0} style={{ listStyle: "none" }}>
      {rows.map((row) => (
        <li key={row.name}>
          <Group justify="space-between" gap="xs" wrap="nowrap">
            <Text size="sm">{row.name}</Text>
            <Text size="sm" c="dimmed">
              {roughShare(row.share)}
            </Text>
          </Group>
          <Progress value={100 * row.share} color={colour} size="sm" aria-label={row.name} />
        </li>
      ))}
    </Stack>
  );
}
