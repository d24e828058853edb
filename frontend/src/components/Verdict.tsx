import { Paper, SimpleGrid, Stack, Text } from "@mantine/core";
import type { Findings, StatedFindings } from "../api/queries";
import { useModelInfo } from "../lib/models";

const TESTED =
  "Paired tests over the same customers (Holm’s correction over all pairs of a metric, 5%): two models whose intervals overlap can still differ significantly, since each customer is compared with themselves.";

/** Which model to use, in the words of the report, and on what that rests. */
export function Verdict({ found, metric }: { found: Findings; metric: string }) {
  const { nameOf } = useModelInfo();
  if (!found.stated) return null;
  const { verdict, certainty, ratings } = found.stated.sentences;
  const apart = found.not_compared.map(nameOf);
  return (
    <Stack gap={2} role="group" aria-label="Verdict">
      <Text fw={600}>{verdict}</Text>
      {metric === "rmse" && <Text>{ratings}</Text>}
      <Text size="sm" c="dimmed">
        {certainty}
      </Text>
      {apart.length > 0 && <Text size="sm">Not compared, as not measured on the same data: {apart.join(", ")}.</Text>}
    </Stack>
  );
}

/** Which model to use for regulars, newcomers and new items, as far as that was measured. */
export function ChoiceCards({ of }: { of: StatedFindings }) {
  const cards = Object.entries(of.cards);
  if (!cards.length) return null;
  return (
    <SimpleGrid cols={{ base: 1, sm: cards.length }} spacing="sm" role="list" aria-label="Which model for whom">
      {cards.map(([name, card]) => (
        <Paper key={name} withBorder radius="md" p="sm" role="listitem">
          <Text size="sm" fw={600}>
            {card.title}
          </Text>
          <Text size="xs" c="dimmed">
            {card.whom}
          </Text>
          <Text size="sm">{card.said}</Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}

/** How models were compared, or that they were not. */
export function Tested({ found }: { found: Findings }) {
  return (
    <Text size="sm" c="dimmed">
      {found.stated ? TESTED : "These versions were not tested against each other on the same customers."}
    </Text>
  );
}
