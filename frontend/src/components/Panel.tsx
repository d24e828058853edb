import { Alert, Button, Group, Paper, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconRefresh } from "@tabler/icons-react";
import { type ReactNode, Suspense, useId } from "react";
import { ErrorBoundary } from "react-error-boundary";
import { adviceFor } from "../api/client";
import { asSentence } from "../lib/format";

type FrameProps = {
  title: ReactNode;
  about?: ReactNode; // a line below the title
  aside?: ReactNode; // to the right of the title
  order?: 2 | 3; // level of the heading
};

/** The part of a query's result that a panel needs; plain and infinite queries both have it. */
export type QueryResult<T> = {
  data: T | undefined;
  error: Error | null;
  isPending: boolean;
  isFetching: boolean;
  isPlaceholderData: boolean;
  fetchStatus: "fetching" | "paused" | "idle";
  refetch: () => unknown;
};

type Props<T> = FrameProps & {
  query: QueryResult<T>;
  children: (data: T) => ReactNode;
  empty?: (data: T) => ReactNode; // what to show if there is no data; null if there is
  height?: number; // of the placeholder while it loads
};

/** A part of a page that loads, is empty, fails and recovers independently of the others. */
export function Panel<T>({ query, children, empty, height = 120, ...frame }: Props<T>) {
  return (
    <PanelFrame {...frame}>
      <PanelBoundary>
        <QueryState query={query} height={height}>
          {(data) => empty?.(data) ?? children(data)}
        </QueryState>
      </PanelBoundary>
    </PanelFrame>
  );
}

/** The frame of a panel, for content that needs no query. */
export function PanelFrame({ title, about, aside, order = 2, children }: FrameProps & { children: ReactNode }) {
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

/** Contain rendering errors, and show a placeholder while lazy components load. */
export function PanelBoundary({ children, height = 120 }: { children: ReactNode; height?: number }) {
  return (
    <ErrorBoundary fallbackRender={({ error, resetErrorBoundary }) => <ErrorAlert error={error} onRetry={resetErrorBoundary} />}>
      <Suspense fallback={<Skeleton height={height} aria-label="Loading" />}>{children}</Suspense>
    </ErrorBoundary>
  );
}

/** Show a query's data, or that it is loading or failed. */
export function QueryState<T>({ query, children, height = 120 }: Pick<Props<T>, "query" | "height"> & { children: (data: T) => ReactNode }) {
  const retry = (): void => void query.refetch();
  if (query.data !== undefined)
    return (
      <div style={{ opacity: query.isPlaceholderData ? 0.6 : 1 }} aria-busy={query.isFetching}>
        {query.error && <StaleNotice error={query.error} onRetry={retry} />}
        {children(query.data)}
      </div>
    );
  if (query.error) return <ErrorAlert error={query.error} onRetry={retry} />;
  if (query.fetchStatus === "idle" && query.isPending) return null;
  return <Skeleton height={height} role="status" aria-label="Loading" />;
}

function ErrorAlert({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { title, advice } = adviceFor(error);
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">
          {asSentence(error instanceof Error ? error.message : String(error))} {advice}
        </Text>
        <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={onRetry}>
          Try again
        </Button>
      </Stack>
    </Alert>
  );
}

function StaleNotice({ error, onRetry }: { error: Error; onRetry: () => void }) {
  return (
    <Group gap="xs" mb="xs" role="status">
      <IconAlertTriangle size={16} aria-hidden color="var(--mantine-color-red-text)" />
      <Text size="sm">Out of date, the last update failed: {asSentence(error.message)}</Text>
      <Button size="compact-xs" variant="subtle" onClick={onRetry}>
        Try again
      </Button>
    </Group>
  );
}

/** Say in place of content that there is none. */
export function EmptyState({ children }: { children: ReactNode }) {
  return (
    <Text c="dimmed" size="sm" py="md">
      {children}
    </Text>
  );
}
