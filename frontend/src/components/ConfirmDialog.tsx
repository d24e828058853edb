import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { asSentence } from "../lib/format";

type Props = {
  title: string;
  opened: boolean;
  confirmLabel: string;
  pending: boolean;
  error: Error | null;
  onCancel: () => void;
  onConfirm: () => void;
  children: ReactNode; // the consequences
};

/** Ask for confirmation before an action that affects every customer; the focus is on Cancel. */
export function ConfirmDialog({ title, opened, confirmLabel, pending, error, onCancel, onConfirm, children }: Props) {
  return (
    <Modal opened={opened} onClose={onCancel} title={title} closeButtonProps={{ "aria-label": "Close" }} centered>
      <Stack>
        <Text size="sm" component="div">
          {children}
        </Text>
        {error && (
          <Alert color="red" role="alert">
            {asSentence(error.message)}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel} data-autofocus>
            Cancel
          </Button>
          <Button color="red" loading={pending} onClick={onConfirm}>
            {confirmLabel}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
