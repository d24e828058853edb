import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { key } from "../api/client";

/** Give this tab an API key, or take it away. It is kept until the tab is closed and sent to nobody but the API. */
export function KeyButton({ needed = false }: { needed?: boolean }) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const queries = useQueryClient();
  const use = (value: string): void => {
    key.set(value.trim());
    setOpen(false);
    setTyped("");
    void queries.resetQueries();
  };
  return (
    <>
      <Button size="xs" variant={needed ? "filled" : "default"} leftSection={<IconKey size={14} aria-hidden />} onClick={() => setOpen(true)}>
        {key.get() ? "Change the key" : "Enter a key"}
      </Button>
      <Modal opened={open} onClose={() => setOpen(false)} title="API key" closeButtonProps={{ "aria-label": "Close" }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            use(typed);
          }}
        >
          <Stack>
            <Text size="sm">
              Whoever runs this server makes keys with <code>python -m api.keys admin</code>. It is forgotten when this tab is closed.
            </Text>
            <PasswordInput label="Key" value={typed} autoComplete="off" data-autofocus onChange={(event) => setTyped(event.currentTarget.value)} />
            <Group justify="flex-end">
              {key.get() && (
                <Button variant="default" onClick={() => use("")}>
                  Forget the key
                </Button>
              )}
              <Button type="submit" disabled={!typed.trim()}>
                Use it
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
