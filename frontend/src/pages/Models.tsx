import { Alert, Anchor, Badge, Button, Group, NumberInput, SimpleGrid, Slider, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link } from "react-router";
import { client, unwrap } from "../api/client";
import { useEventStream } from "../api/eventStream";
import { defaultBy, experiments, type Experiments, type Model, models, training, whoami } from "../api/queries";
import { ApiKeyButton } from "../components/ApiKeyButton";
import { ConfirmDialog } from "../components/ConfirmDialog";
import { CustomerLink } from "../components/CustomerName";
import { GlossaryLink, GlossaryTerm } from "../components/GlossaryTerm";
import { ModelFindings } from "../components/ModelFindings";
import { ModelName, ModelPicker } from "../components/ModelName";
import { ActivateDialog, type VersionChange, VersionsDialog } from "../components/ModelVersions";
import { OffPolicyPanel } from "../components/OffPolicyPanel";
import { OnlineAgreementPanel } from "../components/OnlineAgreementPanel";
import { Page } from "../components/Page";
import { EmptyState, Panel, PanelBoundary, PanelFrame } from "../components/Panel";
import { Retraining } from "../components/Retraining";
import { ScrollableTable } from "../components/ScrollableTable";
import { VariantResults } from "../components/VariantResults";
import { pastTense } from "../lib/eventKinds";
import { asSentence, count, dateTime, figure, roughShare, share, time, timeAgo } from "../lib/format";
import { lazyComponent } from "../lib/lazy";
import { figureOf, METRICS } from "../lib/leaderboard";
import { shortLabel, useModelInfo } from "../lib/models";
import { useParam } from "../lib/url";
import { defaultReason } from "../lib/versions";

const LearningCurves = lazyComponent(() => import("../charts/LearningCurves"));
const ComponentWeights = lazyComponent(() => import("../charts/ComponentWeights"));

/** The deployed models and their versions, how they were trained, the A/B test, and live events. */
export default function ModelsPage() {
  const { data: caller } = useQuery(whoami);
  const admin = caller?.role === "admin";
  return (
    <Page title="Models and experiments" about="The deployed models, how they were trained, and which customers get which.">
      {caller && !admin && (
        <Alert variant="light" color="gray" title="Read-only access">
          <Group>
            Changing the version of a model, retraining and running an A/B test require an API key with the role admin.
            <ApiKeyButton />
          </Group>
        </Alert>
      )}
      <Versions admin={admin} />
      <ModelFindings />
      <Retraining admin={admin} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <InsideModel />
        <Stack>
          <AbTest admin={admin} />
          <LiveEvents />
        </Stack>
      </SimpleGrid>
      <OffPolicyPanel />
      <OnlineAgreementPanel />
    </Page>
  );
}

const SHOWN_METRICS = METRICS.filter((metric) => metric.id !== "recall@10");

/** Say why a model cannot be rolled back; empty if it can. */
function obstacle(model: Model, admin: boolean): string {
  if (!model.previous) return "no earlier version";
  return admin ? "" : "requires an admin key";
}

function Versions({ admin }: { admin: boolean }) {
  const query = useQuery(models);
  const [shown, setShown] = useState<Model | null>(null);
  const [change, setChange] = useState<VersionChange | null>(null);
  const choose = (version: string): void => {
    setShown(null);
    if (shown) setChange({ model: shown, version, rollBack: false });
  };
  return (
    <Panel
      title="Versions"
      about={
        <>
          The version of each model that is deployed now. <GlossaryLink />
        </>
      }
      query={query}
      height={320}
      empty={(all) =>
        all.length ? null : (
          <EmptyState>
            No model is trained yet: run <code>c360 train --model all</code>.
          </EmptyState>
        )
      }
    >
      {(all) => (
        <>
          <ScrollableTable label="Models and their versions" width={640}>
            <Table fz="sm" verticalSpacing={8}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Model</Table.Th>
                  <Table.Th>Version</Table.Th>
                  <Table.Th>Trained</Table.Th>
                  {SHOWN_METRICS.map((metric) => (
                    <Table.Th key={metric.id} ta="right">
                      <GlossaryTerm id={metric.metric}>{metric.name}</GlossaryTerm>
                    </Table.Th>
                  ))}
                  <Table.Th>
                    <span className="sr-only">Actions</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((model) => (
                  <VersionRow
                    key={model.key}
                    model={model}
                    obstacle={obstacle(model, admin)}
                    onShow={() => setShown(model)}
                    onRollBack={() => setChange({ model, version: model.previous ?? "", rollBack: true })}
                  />
                ))}
              </Table.Tbody>
            </Table>
          </ScrollableTable>
          <DefaultReason />
          <VersionsDialog model={shown} admin={admin} onChoose={choose} onClose={() => setShown(null)} />
          <ActivateDialog change={change} onClose={() => setChange(null)} />
        </>
      )}
    </Panel>
  );
}

/** Say why the default model is the default. */
function DefaultReason() {
  const { data: by } = useQuery(defaultBy);
  const { nameOf } = useModelInfo();
  if (!by?.key) return null;
  return (
    <Text size="sm" c="dimmed" mt="xs">
      {defaultReason(by, nameOf)}
    </Text>
  );
}

type VersionRowProps = { model: Model; obstacle: string; onShow: () => void; onRollBack: () => void };

function VersionRow({ model, obstacle, onShow, onRollBack }: VersionRowProps) {
  const created = Date.parse(model.created) / 1000;
  const kept = (model.versions ?? []).length;
  const versions = `${count(kept)} ${kept === 1 ? "version" : "versions"}`;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500} miw={190}>
        <Group gap="xs" wrap="nowrap">
          <ModelName model={model.key} label={model.label} />
          {model.default && (
            <Badge size="sm" variant="light" tt="none" style={{ flexShrink: 0 }}>
              default
            </Badge>
          )}
        </Group>
        {(model.problems ?? []).map((problem) => (
          <Text key={problem} size="xs" c="red">
            {problem}
          </Text>
        ))}
      </Table.Th>
      <Table.Td>
        <code>{model.version}</code>
      </Table.Td>
      <Table.Td title={dateTime(created)}>{timeAgo(created)}</Table.Td>
      {SHOWN_METRICS.map((metric) => (
        <Table.Td key={metric.id} ta="right" style={{ fontVariantNumeric: "tabular-nums" }}>
          {figure(figureOf(model, metric.metric, metric.k)?.value)}
        </Table.Td>
      ))}
      <Table.Td ta="right">
        <Group gap={6} wrap="nowrap" justify="flex-end">
          <Button size="compact-sm" variant="default" onClick={onShow} aria-label={`${versions} of ${shortLabel(model.label)}`}>
            {versions}
          </Button>
          <Button size="compact-sm" variant="default" disabled={obstacle !== ""} onClick={onRollBack} aria-label={`Roll back ${shortLabel(model.label)}`}>
            Roll back
          </Button>
        </Group>
        <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
          {obstacle}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

const QUESTIONS: Record<string, { weights: string; loss: string }> = {
  rank: { weights: "Component weights: ranking", loss: "Ranking loss" },
  rate: { weights: "Component weights: predicted ratings", loss: "Rating loss (squared error)" },
};

function InsideModel() {
  const { data: served = [] } = useQuery(models);
  const [key, setKey] = useParam("model", served.find((model) => model.default)?.key ?? "");
  const query = useQuery({ ...training(key), enabled: key !== "" });
  const { colourOf } = useModelInfo();
  return (
    <Panel
      title="Inside a model"
      about={
        <>
          The <GlossaryTerm id="training-loss">training loss</GlossaryTerm> of a neural network by epoch, and the weight of each component of a hybrid, also for a <GlossaryTerm id="new-item">new item</GlossaryTerm>
        </>
      }
      query={query}
      height={420}
      aside={<ModelPicker label="Model" value={key} onChange={setKey} />}
      empty={(found) => (found.curves || found.beliefs ? null : <EmptyState>No learning curves: this model is not trained in epochs.</EmptyState>)}
    >
      {(found) => (
        <Stack gap="md">
          {Object.entries(found.beliefs ?? {}).map(([question, rows]) => (
            <div key={question}>
              <Text size="sm" fw={600}>
                {QUESTIONS[question]?.weights ?? question}
              </Text>
              <PanelBoundary height={190}>
                <ComponentWeights rows={rows} names={found.components ?? {}} />
              </PanelBoundary>
            </div>
          ))}
          {Object.entries(found.curves ?? {}).map(([question, networks]) => (
            <div key={question}>
              <Text size="sm" fw={600}>
                {QUESTIONS[question]?.loss ?? question}
              </Text>
              <PanelBoundary height={220}>
                <LearningCurves networks={networks} colour={colourOf(key)} name={QUESTIONS[question]?.loss ?? question} />
              </PanelBoundary>
            </div>
          ))}
        </Stack>
      )}
    </Panel>
  );
}

function AbTest({ admin }: { admin: boolean }) {
  const query = useQuery(experiments);
  const { data: served } = useQuery(models); // the form begins with two of them
  return (
    <Panel
      title="A/B test"
      about="The share of customers that each model answers if a request names no model. Only those answers count in the results. These pages name a model and show its lists in the sandbox, so nothing that is tried here is counted."
      query={query}
      height={200}
    >
      {(found) => (
        <Stack gap="sm">
          <RunningExperiment found={found} />
          {admin && served && <ExperimentForm key={found.version} found={found} served={served} />}
        </Stack>
      )}
    </Panel>
  );
}

function RunningExperiment({ found }: { found: Experiments }) {
  const running = found.experiment;
  if (!running) return <Text size="sm">No experiment is running: the default model answers for all customers.</Text>;
  return (
    <>
      <Text size="sm">
        <b>{running.name}</b> is running{running.started ? ` since ${dateTime(Date.parse(running.started) / 1000)}` : ""}; {roughShare(running.exploration ?? 0)} of list positions are filled at random.
      </Text>
      <Group gap="md">
        {Object.entries(running.arms).map(([key, planned]) => (
          <Text key={key} size="sm">
            <ModelName model={key} /> {share(planned)}
          </Text>
        ))}
      </Group>
      <VariantResults results={found.results} />
    </>
  );
}

function ExperimentForm({ found, served }: { found: Experiments; served: Model[] }) {
  const running = found.experiment;
  const [name, setName] = useState(running?.name ?? "two-models");
  const [variants, setVariants] = useState<[string, string]>(() => {
    const [a = "", b = ""] = Object.keys(running?.arms ?? {});
    return [a || served.find((model) => model.default)?.key || "", b || served.find((model) => !model.default)?.key || ""];
  });
  const [percent, setPercent] = useState(Math.round(100 * (Object.values(running?.arms ?? {})[0] ?? 0.5)));
  const [exploration, setExploration] = useState(Math.round(100 * (running?.exploration ?? 0.1)));
  const queries = useQueryClient();
  const sliderLabel = useId();
  const [ending, setEnding] = useState(false);
  const onSuccess = async (): Promise<void> => {
    setEnding(false);
    void queries.invalidateQueries({ queryKey: ["customer"] }); // profiles show the customer's variant
    await queries.invalidateQueries({ queryKey: ["experiments"] });
  };
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        client.PUT("/api/v1/experiments", {
          body: { name, arms: { [variants[0]]: percent / 100, [variants[1]]: 1 - percent / 100 }, exploration: exploration / 100, temperature: 1, salt: "" },
        }),
      ),
    onSuccess,
  });
  const end = useMutation({ mutationFn: () => unwrap(client.DELETE("/api/v1/experiments")), onSuccess });
  return (
    <form
      aria-label="Split traffic"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <Stack gap="sm">
        <SimpleGrid cols={2} spacing="sm">
          <TextInput label="Name" value={name} required maxLength={100} onChange={(event) => setName(event.currentTarget.value)} />
          <NumberInput label="Exploration" suffix=" %" min={0} max={100} clampBehavior="strict" value={exploration} onChange={(value) => setExploration(Number(value) || 0)} />
          <ModelPicker label="A" value={variants[0]} onChange={(key) => setVariants([key, variants[1]])} />
          <ModelPicker label="B" value={variants[1]} onChange={(key) => setVariants([variants[0], key])} />
        </SimpleGrid>
        <div>
          <Text size="sm" fw={500} id={sliderLabel}>
            {percent} % of customers in A, {100 - percent} % in B
          </Text>
          <Slider value={percent} onChange={setPercent} min={5} max={95} step={5} label={null} thumbProps={{ "aria-labelledby": sliderLabel }} />
        </div>
        {start.error && (
          <Alert color="red" role="alert">
            {asSentence(start.error.message)}
          </Alert>
        )}
        <Group>
          <Button type="submit" size="xs" loading={start.isPending} disabled={!variants[0] || variants[0] === variants[1]}>
            {running ? "Update experiment" : "Start experiment"}
          </Button>
          {running && (
            <Button size="xs" variant="default" onClick={() => setEnding(true)}>
              End experiment
            </Button>
          )}
        </Group>
      </Stack>
      <ConfirmDialog
        title={`End ${running?.name ?? ""}?`}
        opened={ending}
        confirmLabel="End experiment"
        pending={end.isPending}
        error={end.error}
        onCancel={() => setEnding(false)}
        onConfirm={() => end.mutate()}
      >
        From now on the default model answers for all customers again. Impressions and actions recorded so far are kept.
      </ConfirmDialog>
    </form>
  );
}

const CONNECTION = { connecting: "connecting …", open: "live", lost: "no connection, retrying" };

function LiveEvents() {
  const { events, connection } = useEventStream(40);
  return (
    <PanelFrame
      title="Live events"
      about="Events as they are stored, newest first, without impressions"
      aside={
        <Badge variant="dot" color={connection === "open" ? "green" : connection === "lost" ? "red" : "gray"} tt="none" role="status">
          {CONNECTION[connection]}
        </Badge>
      }
    >
      {events.length ? (
        <ScrollableTable label="Newest events" width={300} height={360}>
          <Table fz="sm" verticalSpacing={4}>
            <Table.Thead className="sr-only">
              <Table.Tr>
                <Table.Th>Time</Table.Th>
                <Table.Th>Customer</Table.Th>
                <Table.Th>Event</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {events.map((event) => (
                <Table.Tr key={event.seq}>
                  <Table.Td c="dimmed">{time(event.timestamp)}</Table.Td>
                  <Table.Td>
                    <CustomerLink id={event.customer} name={event.name} />
                  </Table.Td>
                  <Table.Td>
                    {pastTense(event.event)}{" "}
                    <Anchor component={Link} to={`/products/${encodeURIComponent(event.item)}`} size="sm">
                      {event.title ?? event.item}
                    </Anchor>
                    {event.rating != null && ` (${event.rating})`}
                    {event.surface && (
                      <Text span size="xs" c="dimmed">
                        {` · ${event.surface}`}
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollableTable>
      ) : (
        <EmptyState>No events since this page was opened. Record one on a customer’s page in another window, or send one with POST /api/v1/feedback.</EmptyState>
      )}
    </PanelFrame>
  );
}
