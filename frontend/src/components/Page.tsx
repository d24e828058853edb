import { Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

/** A page with its heading, which the browser's tab repeats. */
export function Page({ title, tab = String(title), about, children }: { title: ReactNode; tab?: string; about?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${tab} · Customer360`;
  }, [tab]);
  return (
    <Stack gap="md">
      <div>
        <Title order={1} size="h2">
          {title}
        </Title>
        {about && <Text c="dimmed">{about}</Text>}
      </div>
      {children}
    </Stack>
  );
}
