import { ActionIcon, Alert, Anchor, Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconFlask, IconX } from "@tabler/icons-react";
import { Link } from "react-router";
import { useFeedback } from "../api/feedback";
import { describeAction } from "../lib/eventKinds";
import { asSentence } from "../lib/format";
import type { TriedEvent } from "../lib/sandbox";

type Props = {
  customer: string;
  events: TriedEvent[];
  maximum?: number | undefined; // of the rating scale
  onRemove: (id: string) => void;
  onClear: () => void;
};

/** What was tried on a customer's behalf, with the choice to record an event as the customer's own. */
export function Sandbox({ customer, events, maximum = 0, onRemove, onClear }: Props) {
  const feedback = useFeedback();
  if (!events.length) return null;
  const record = ({ id, item, event, rating, timestamp }: TriedEvent): void =>
    feedback.mutate(
      { customer, item, event, timestamp, event_id: id, ...(rating != null && { rating }) },
      {
        onSuccess: () => {
          onRemove(id);
          notifications.show({ color: "green", title: "Recorded", message: "It is part of the customer’s history from now on, and of no online figure." });
        },
        onError: (error) => notifications.show({ color: "red", title: "Not recorded", message: `${asSentence(error.message)} It is still in the sandbox.` }),
      },
    );
  return (
    <Alert role="region" aria-label="Sandbox" color="blue" variant="light" icon={<IconFlask aria-hidden />} title="Sandbox" p="sm">
      <Group justify="space-between" gap="xs">
        <Text size="sm">The lists answer as if the customer had done this too. Nothing of it is stored or counted.</Text>
        <Button size="compact-sm" variant="default" onClick={onClear}>
          Clear sandbox
        </Button>
      </Group>
      <ul className="rows">
        {events.map((tried) => (
          <TriedRow key={tried.id} tried={tried} maximum={maximum} pending={feedback.isPending && feedback.variables.event_id === tried.id} onRecord={() => record(tried)} onRemove={() => onRemove(tried.id)} />
        ))}
      </ul>
    </Alert>
  );
}

function TriedRow({ tried, maximum, pending, onRecord, onRemove }: { tried: TriedEvent; maximum: number; pending: boolean; onRecord: () => void; onRemove: () => void }) {
  const [before, title, after] = describeAction(tried.event, tried.title, tried.rating, maximum);
  return (
    <Group component="li" justify="space-between" gap="xs" py={4} className="row">
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {before}{" "}
        <Anchor component={Link} to={`/products/${encodeURIComponent(tried.item)}`} size="sm">
          {title}
        </Anchor>
        {after && ` ${after}`}
      </Text>
      <Group gap={4} wrap="nowrap">
        <Button size="compact-sm" h="auto" mih={26} styles={{ label: { whiteSpace: "normal" } }} variant="light" loading={pending} onClick={onRecord} aria-label={`Record as the customer’s own feedback: ${before} ${title}`}>
          Record as the customer’s own feedback
        </Button>
        <ActionIcon variant="subtle" color="gray" onClick={onRemove} title="Remove" aria-label={`Remove from the sandbox: ${before} ${title}`}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </Group>
    </Group>
  );
}
