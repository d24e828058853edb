import { Alert, Badge, Button, Group, Progress, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { client, unwrap } from "../api/client";
import { type RetrainRun, type Retrainings, retrainings } from "../api/queries";
import { asSentence, dateTime } from "../lib/format";
import { useModelInfo } from "../lib/models";
import { Panel } from "./Panel";

const SHOWN_RUNS = 3;
const STATE: Record<RetrainRun["state"], { label: string; colour: string }> = {
  running: { label: "running", colour: "blue" },
  done: { label: "done", colour: "green" },
  unchanged: { label: "unchanged", colour: "gray" },
  failed: { label: "failed", colour: "red" },
  died: { label: "interrupted", colour: "red" },
};

/** Whether retraining is due, how far the running one is, and what the last ones decided. */
export function Retraining({ admin }: { admin: boolean }) {
  const query = useQuery(retrainings);
  const queries = useQueryClient();
  const running = query.data?.running != null;
  const was = useRef(running);
  useEffect(() => {
    if (was.current && !running) void queries.invalidateQueries({ queryKey: ["models"] }); // other versions may be in use
    was.current = running;
  }, [running, queries]);
  const start = useMutation({
    mutationFn: () => unwrap(client.POST("/api/v1/retrain", { body: { models: [], params: {}, force: false } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["retrain"] }),
  });
  return (
    <Panel
      title="Retraining"
      about="Models are trained again on all data, and a new version replaces the one in use only if it is not worse on the newest days."
      query={query}
      aside={
        admin && (
          <Button size="xs" loading={start.isPending} disabled={running || query.data === undefined} onClick={() => start.mutate()}>
            Retrain now
          </Button>
        )
      }
    >
      {(found) => (
        <Stack gap="sm">
          {start.error && (
            <Alert color="red" role="alert">
              {asSentence(start.error.message)}
            </Alert>
          )}
          {found.running ? <RunningRetraining run={found.running} /> : <Due found={found} />}
          {(found.runs ?? []).slice(0, SHOWN_RUNS).map((run) => (
            <PastRun key={run.number} run={run} />
          ))}
        </Stack>
      )}
    </Panel>
  );
}

function RunningRetraining({ run }: { run: RetrainRun }) {
  const percent = run.total > 0 ? Math.round((100 * run.done) / run.total) : 0;
  return (
    <div>
      <Text size="sm" role="status">
        Running since {dateTime(run.started)}: {run.stage}
      </Text>
      <Progress value={percent} animated aria-label="Progress of the retraining" mt={4} />
    </div>
  );
}

function Due({ found }: { found: Retrainings }) {
  const when = found.auto ? "The server retrains by itself when it is due." : "The server does not retrain by itself.";
  if (!found.due.length) return <Text size="sm">Not due. {when}</Text>;
  return (
    <div>
      <Text size="sm">Due. {when}</Text>
      {found.due.map((trigger) => (
        <Text key={trigger.kind} size="sm" c="dimmed">
          {asSentence(trigger.sentence)}
        </Text>
      ))}
    </div>
  );
}

function PastRun({ run }: { run: RetrainRun }) {
  const { nameOf } = useModelInfo();
  return (
    <div>
      <Group gap="xs">
        <Badge size="sm" variant="light" tt="none" color={STATE[run.state].colour}>
          {STATE[run.state].label}
        </Badge>
        <Text size="sm">
          {dateTime(run.started)}: {run.reasons.join("; ")}
        </Text>
      </Group>
      {run.error && (
        <Text size="sm" c="red">
          {asSentence(run.error)}
        </Text>
      )}
      {(run.decisions ?? []).map((decision) => (
        <Text key={decision.key} size="sm" c="dimmed">
          {nameOf(decision.key)}: {decision.outcome}
          {decision.reasons?.[0] ? `. ${asSentence(decision.reasons[0])}` : "."}
        </Text>
      ))}
    </div>
  );
}
