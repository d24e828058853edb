import { Alert, Button, Group, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

type Props = {
  title: string;
  opened: boolean;
  act: string; // what the button says that does it
  pending: boolean;
  trouble: Error | null;
  onClose: () => void;
  onAct: () => void;
  children: ReactNode; // what will happen
};

/** Asks before something that everybody notices; the focus is on leaving it. */
export function Sure({ title, opened, act, pending, trouble, onClose, onAct, children }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": "Close" }} centered>
      <Stack>
        <Text size="sm">{children}</Text>
        {trouble && (
          <Alert color="red" role="alert">
            {trouble.message}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Leave it
          </Button>
          <Button color="red" loading={pending} onClick={onAct}>
            {act}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
