import { Alert, Badge, Button, Group, Modal, Stack, Table, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { client, unwrap } from "../api/client";
import { type Model, type ModelDecision, modelDetails } from "../api/queries";
import { asSentence, count, dateTime, figure, timeAgo } from "../lib/format";
import { figureOf, METRICS } from "../lib/leaderboard";
import { shortLabel } from "../lib/models";
import { type Change, newestFirst, testedChange } from "../lib/versions";
import { ConfidenceInterval } from "./ConfidenceInterval";
import { ConfirmDialog } from "./ConfirmDialog";
import { QueryState } from "./Panel";
import { ScrollableTable } from "./ScrollableTable";

const seconds = (iso: string): number => Date.parse(iso) / 1000;
const NDCG = METRICS[0];

/** A version that is to be put to use. */
export type VersionChange = { model: Model; version: string; rollBack: boolean };

type DialogProps = { model: Model | null; admin: boolean; onChoose: (version: string) => void; onClose: () => void };

/** The kept versions of a model with their figures, and what was decided about challengers. */
export function VersionsDialog({ model, admin, onChoose, onClose }: DialogProps) {
  const query = useQuery(modelDetails(model?.key ?? ""));
  return (
    <Modal opened={model !== null} onClose={onClose} size="xl" title={`Versions of ${shortLabel(model?.label ?? "")}`} closeButtonProps={{ "aria-label": "Close" }} centered>
      <QueryState query={query} height={160}>
        {(found) => (
          <Stack>
            <ScrollableTable label="Kept versions, the newest first" width={460}>
              <Table fz="sm" verticalSpacing={6}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Version</Table.Th>
                    <Table.Th>Trained</Table.Th>
                    <Table.Th ta="right">{NDCG.name}</Table.Th>
                    <Table.Th>
                      <span className="sr-only">Actions</span>
                    </Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {newestFirst(found).map((kept) => (
                    <Table.Tr key={kept.version}>
                      <Table.Td>
                        <code>{kept.version}</code>
                      </Table.Td>
                      <Table.Td title={dateTime(seconds(kept.created))}>{timeAgo(seconds(kept.created))}</Table.Td>
                      <Table.Td ta="right">
                        <MeasuredFigure of={kept} metric={NDCG} />
                      </Table.Td>
                      <Table.Td ta="right">
                        {kept.current ? (
                          <Badge size="sm" variant="light" tt="none">
                            in use
                          </Badge>
                        ) : (
                          <Button size="compact-sm" variant="default" disabled={!admin} onClick={() => onChoose(kept.version)} aria-label={`Use this version: ${kept.version}`}>
                            Use this
                          </Button>
                        )}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </ScrollableTable>
            {!admin && (
              <Text size="xs" c="dimmed">
                Putting another version to use requires an admin key.
              </Text>
            )}
            <Decisions decisions={found.decisions ?? []} />
          </Stack>
        )}
      </QueryState>
    </Modal>
  );
}

const OUTCOME: Record<string, { label: string; colour: string }> = {
  promoted: { label: "promoted", colour: "green" },
  rejected: { label: "rejected", colour: "orange" },
  first: { label: "first version", colour: "gray" },
  unchanged: { label: "unchanged", colour: "gray" },
};

function Decisions({ decisions }: { decisions: ModelDecision[] }) {
  return (
    <Stack gap={6}>
      <Text size="sm" fw={600}>
        Decisions after retraining
      </Text>
      {decisions.length === 0 && (
        <Text size="sm" c="dimmed">
          None yet: this model was not retrained.
        </Text>
      )}
      {decisions.map((one) => (
        <div key={one.time}>
          <Group gap="xs">
            <Badge size="sm" variant="light" tt="none" color={OUTCOME[one.outcome]?.colour ?? "gray"}>
              {OUTCOME[one.outcome]?.label ?? one.outcome}
            </Badge>
            <Text size="xs" c="dimmed">
              {dateTime(seconds(one.time))}
            </Text>
          </Group>
          {(one.reasons ?? []).map((reason) => (
            <Text key={reason} size="sm">
              {reason}
            </Text>
          ))}
        </div>
      ))}
    </Stack>
  );
}

type Measured = Pick<Model, "figures">;

function MeasuredFigure({ of, metric }: { of: Measured; metric: (typeof METRICS)[number] }) {
  const found = figureOf(of as Model, metric.metric, metric.k);
  return (
    <>
      <span style={{ fontVariantNumeric: "tabular-nums" }}>{figure(found?.value)}</span>
      <ConfidenceInterval low={found?.low} high={found?.high} />
    </>
  );
}

/** Show what another version changes in the figures, and put it to use when that is confirmed. */
export function ActivateDialog({ change, onClose }: { change: VersionChange | null; onClose: () => void }) {
  const queries = useQueryClient();
  const query = useQuery(modelDetails(change?.model.key ?? ""));
  const name = shortLabel(change?.model.label ?? "");
  const activate = useMutation({
    mutationFn: ({ model, version, rollBack }: VersionChange) => {
      const params = { path: { key: model.key } };
      return unwrap(rollBack ? client.POST("/api/v1/models/{key}/rollback", { params }) : client.POST("/api/v1/models/{key}/activate", { params, body: { version } }));
    },
    onSuccess: async (served, { rollBack }) => {
      onClose();
      const title = rollBack ? `${name} rolled back to ${served.version}` : `${name} now uses version ${served.version}`;
      notifications.show({ color: "green", title, message: "This version answers from now on." });
      await queries.invalidateQueries();
    },
  });
  return (
    <ConfirmDialog
      title={change?.rollBack ? `Roll back ${name}?` : `Use another version of ${name}?`}
      opened={change !== null}
      confirmLabel={change?.rollBack ? "Roll back" : "Use this version"}
      pending={activate.isPending}
      error={activate.error}
      onCancel={onClose}
      onConfirm={() => change && activate.mutate(change)}
    >
      <QueryState query={query} height={200}>
        {(found) => <WhatChanges model={found} version={change?.version ?? ""} />}
      </QueryState>
      <Text size="sm" mt="sm">
        The change takes effect within seconds, in every server process. Nothing is deleted: this version can be put to use again.
      </Text>
    </ConfirmDialog>
  );
}

function WhatChanges({ model, version }: { model: Model; version: string }) {
  const versions = model.versions ?? [];
  const [now, then] = [versions.find((kept) => kept.current), versions.find((kept) => kept.version === version)];
  if (!now || !then) return <Alert color="yellow">This version is no longer kept.</Alert>;
  return (
    <Stack gap="sm">
      <Table fz="sm" verticalSpacing={4} horizontalSpacing={4} aria-label="What changes in the figures">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Figure</Table.Th>
            <Table.Th ta="right">
              in use
              <Text component="span" size="xs" ff="monospace" fw={600} display="block" style={{ overflowWrap: "anywhere" }}>
                {now.version}
              </Text>
            </Table.Th>
            <Table.Th ta="right">
              instead
              <Text component="span" size="xs" ff="monospace" fw={600} display="block" style={{ overflowWrap: "anywhere" }}>
                {then.version}
              </Text>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          <Table.Tr>
            <Table.Th fw={400}>Trained</Table.Th>
            {[now, then].map((kept) => (
              <Table.Td key={kept.version} ta="right">
                {dateTime(seconds(kept.created))}
              </Table.Td>
            ))}
          </Table.Tr>
          {METRICS.map((metric) => (
            <Table.Tr key={metric.id}>
              <Table.Th fw={400}>{metric.name}</Table.Th>
              {[now, then].map((kept) => (
                <Table.Td key={kept.version} ta="right">
                  <MeasuredFigure of={kept} metric={metric} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm">{asSentence(verdict(testedChange(model.decisions ?? [], now.version, then.version), now.snapshot !== then.snapshot))}</Text>
    </Stack>
  );
}

const VERDICT: Record<Change["verdict"], string> = {
  better: "the version to be used is better",
  worse: "the version to be used is worse",
  unclear: "neither was shown to be better",
};

function verdict(change: Change | null, otherData: boolean): string {
  if (!change)
    return otherData
      ? "The two versions were measured on different data, and never tested on the same customers: these figures do not say which is better"
      : "The two versions were never tested against each other: these figures do not say which is better";
  const { difference, low, high, customers } = change;
  const signed = (x: number): string => (x > 0 ? "+" : "") + figure(x, 4);
  const own = otherData ? ". Each figure above was measured on the data of its own version" : "";
  return `On the same ${customers == null ? "" : `${count(customers)} `}customers, nDCG@10 changes by ${signed(difference)} (95% interval ${signed(low)} to ${signed(high)}): ${VERDICT[change.verdict]}${own}`;
}
