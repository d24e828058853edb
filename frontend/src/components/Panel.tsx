import { Alert, Button, Group, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import { type ReactNode, Suspense, useId } from "react";
import { ErrorBoundary } from "react-error-boundary";
import { Failure } from "../api/client";

type Frame = {
  title: ReactNode;
  about?: ReactNode; // a line below the title
  aside?: ReactNode; // at the right of the title
  order?: 2 | 3;
};

/** What a panel wants to know of a query; those of single answers and of pages have it both. */
export type Asked<T> = {
  data: T | undefined;
  error: Error | null;
  isPending: boolean;
  isFetching: boolean;
  isPlaceholderData: boolean;
  fetchStatus: "fetching" | "paused" | "idle";
  refetch: () => unknown;
};

type Props<T> = Frame & {
  query: Asked<T>;
  children: (data: T) => ReactNode;
  empty?: (data: T) => ReactNode; // what to say where there is nothing to show; null where there is
  height?: number; // of what stands there while it loads
};

/** A part of a page with a life of its own: it loads, is empty, fails and comes back without the others. */
export function Panel<T>({ query, children, empty, height = 120, ...frame }: Props<T>) {
  return (
    <Framed {...frame}>
      <Guarded>
        <State query={query} height={height}>
          {(data) => empty?.(data) ?? children(data)}
        </State>
      </Guarded>
    </Framed>
  );
}

/** The frame of a panel, for what asks nothing of the API. */
export function Framed({ title, about, aside, order = 2, children }: Frame & { children: ReactNode }) {
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} p={{ base: "sm", sm: "md" }} withBorder radius="md">
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="xs">
          <div style={{ minWidth: 0 }}>
            <Title order={order} size="h4" id={id}>
              {title}
            </Title>
            {about && (
              <Text size="sm" c="dimmed">
                {about}
              </Text>
            )}
          </div>
          {aside}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}

/** Keeps an error in what is drawn from taking the rest of the page with it; also the place for parts that are loaded late. */
export function Guarded({ children, height = 120 }: { children: ReactNode; height?: number }) {
  return (
    <ErrorBoundary fallbackRender={({ error, resetErrorBoundary }) => <Trouble what={String(error)} again={resetErrorBoundary} />}>
      <Suspense fallback={<Skeleton height={height} aria-label="Loading" />}>{children}</Suspense>
    </ErrorBoundary>
  );
}

/** Loading, failed or there. */
export function State<T>({ query, children, height = 120 }: Pick<Props<T>, "query" | "height"> & { children: (data: T) => ReactNode }) {
  if (query.data !== undefined)
    return (
      <div style={{ opacity: query.isPlaceholderData ? 0.6 : 1 }} aria-busy={query.isFetching}>
        {query.error && <Stale error={query.error} again={() => void query.refetch()} />}
        {children(query.data)}
      </div>
    );
  if (query.error) return <Trouble what={query.error.message} lost={query.error instanceof Failure && query.error.status === 0} again={() => void query.refetch()} />;
  if (query.fetchStatus === "idle" && query.isPending) return null;
  return <Skeleton height={height} role="status" aria-label="Loading" />;
}

function Trouble({ what, lost = false, again }: { what: string; lost?: boolean; again: () => void }) {
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={lost ? "No connection" : "That did not work"} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          {what} {lost && "It is asked again every few seconds."}
        </Text>
        <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={again}>
          Try again
        </Button>
      </Stack>
    </Alert>
  );
}

function Stale({ error, again }: { error: Error; again: () => void }) {
  return (
    <Group gap="xs" mb="xs" role="status">
      <IconAlertTriangle size={16} aria-hidden color="var(--mantine-color-red-text)" />
      <Text size="sm">This is how it was before: {error.message}</Text>
      <Button size="compact-xs" variant="subtle" onClick={again}>
        Try again
      </Button>
    </Group>
  );
}

/** A line where there is nothing to show. */
export function Nothing({ children }: { children: ReactNode }) {
  return (
    <Text c="dimmed" size="sm" py="md">
      {children}
    </Text>
  );
}
