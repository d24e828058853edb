import { Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

type Props = {
  title: ReactNode;
  tabTitle?: string; // on the browser's tab
  about?: ReactNode;
  children: ReactNode;
};

/** A page with its heading, which is repeated on the browser's tab. */
export function Page({ title, tabTitle = String(title), about, children }: Props) {
  useEffect(() => {
    document.title = `${tabTitle} · Customer360`;
  }, [tabTitle]);
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
