import { Button, Group, Modal, PasswordInput, Stack, Text } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { apiKey } from "../api/client";

/** Enter, change or remove the API key of this browser tab. It is sent to the API only, and dropped when the tab is closed. */
export function ApiKeyButton({ required = false }: { required?: boolean }) {
  const [opened, setOpened] = useState(false);
  const [typed, setTyped] = useState("");
  const queries = useQueryClient();
  const save = (value: string): void => {
    apiKey.set(value.trim());
    setOpened(false);
    setTyped("");
    void queries.resetQueries();
  };
  return (
    <>
      <Button size="xs" variant={required ? "filled" : "default"} leftSection={<IconKey size={14} aria-hidden />} onClick={() => setOpened(true)}>
        {apiKey.get() ? "Change API key" : "Enter API key"}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title="API key" closeButtonProps={{ "aria-label": "Close" }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            save(typed);
          }}
        >
          <Stack>
            <Text size="sm">
              The administrator of this server creates keys with <code>python -m api.keys admin NAME</code>; a server without keys prints a token at its start. The key is removed when you close this tab.
            </Text>
            <PasswordInput label="Key" value={typed} autoComplete="off" data-autofocus onChange={(event) => setTyped(event.currentTarget.value)} />
            <Group justify="flex-end">
              {apiKey.get() && (
                <Button variant="default" onClick={() => save("")}>
                  Remove key
                </Button>
              )}
              <Button type="submit" disabled={!typed.trim()}>
                Use key
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
