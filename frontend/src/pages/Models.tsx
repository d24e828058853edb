import { Alert, Anchor, Badge, Button, Group, NumberInput, SimpleGrid, Slider, Stack, Table, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { Link } from "react-router";
import { client, told } from "../api/client";
import { experiments, type Experiments, type Model, models, training, whoami } from "../api/queries";
import { useFeed } from "../api/stream";
import { CustomerLink } from "../components/CustomerName";
import { KeyButton } from "../components/KeyButton";
import { ModelName, ModelPicker } from "../components/ModelName";
import { Page } from "../components/Page";
import { Framed, Guarded, Nothing, Panel } from "../components/Panel";
import { Sure } from "../components/Sure";
import { Term, WhatTheyMean } from "../components/Term";
import { Wide } from "../components/Wide";
import { figureOf, METRICS } from "../lib/board";
import { count, dateTime, figure, roughly, share, since, time } from "../lib/format";
import { late } from "../lib/late";
import { colour, DID, shortLabel } from "../lib/palette";
import { useParam } from "../lib/url";
import { MODELS } from "../lib/words";

const Curves = late(() => import("../charts/Curves"));
const Beliefs = late(() => import("../charts/Beliefs"));

/** What answers, how it was trained, who meets which model, and what happens right now. */
export default function ModelsPage() {
  const { data: caller } = useQuery(whoami);
  const admin = caller?.role === "admin";
  return (
    <Page title="Models and experiments" about="What answers, how it came about, and the way back.">
      {caller && !admin && (
        <Alert variant="light" color="gray" title="You can look, not change">
          <Group>
            Going back to a version and splitting the traffic need a key with the role admin.
            <KeyButton />
          </Group>
        </Alert>
      )}
      <Versions admin={admin} />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Inside />
        <Stack>
          <Traffic admin={admin} />
          <Live />
        </Stack>
      </SimpleGrid>
    </Page>
  );
}

const SHOWN = METRICS.filter((metric) => metric.id !== "recall@10");

/** Why a model cannot be rolled back, or nothing. */
function lacks(model: Model, admin: boolean): string {
  if ((model.versions ?? []).length < 2) return "no older version";
  return admin ? "" : "needs the admin key";
}

function Versions({ admin }: { admin: boolean }) {
  const query = useQuery(models);
  const [back, setBack] = useState<Model | null>(null);
  return (
    <Panel title="Versions" about={
        <>
          The models that answer now. <WhatTheyMean />
        </>
      }
      query={query} height={320} empty={(all) => (all.length ? null : <Nothing>No model is trained yet: run `c360 train --model all`.</Nothing>)}>
      {(all) => (
        <>
          <Wide label="Models and their versions" width={640}>
            <Table fz="sm" verticalSpacing={8}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Model</Table.Th>
                  <Table.Th>Version</Table.Th>
                  <Table.Th>Trained</Table.Th>
                  {SHOWN.map((metric) => (
                    <Table.Th key={metric.id} ta="right">
                      <Term word={metric.metric}>{metric.name}</Term>
                    </Table.Th>
                  ))}
                  <Table.Th>
                    <span className="sr-only">Actions</span>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {all.map((model) => (
                  <Table.Tr key={model.key}>
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
                    <Table.Td title={dateTime(Date.parse(model.created) / 1000)}>{since(Date.parse(model.created) / 1000)}</Table.Td>
                    {SHOWN.map((metric) => (
                      <Table.Td key={metric.id} ta="right" style={{ fontVariantNumeric: "tabular-nums" }}>
                        {figure(figureOf(model, metric.metric, metric.k)?.value)}
                      </Table.Td>
                    ))}
                    <Table.Td ta="right">
                      <Button size="compact-sm" variant="default" disabled={lacks(model, admin) !== ""} onClick={() => setBack(model)} aria-label={`Roll back ${shortLabel(model.label)}`}>
                        Roll back
                      </Button>
                      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                        {lacks(model, admin)}
                      </Text>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
          <RollBack model={back} onClose={() => setBack(null)} />
        </>
      )}
    </Panel>
  );
}

function RollBack({ model, onClose }: { model: Model | null; onClose: () => void }) {
  const queries = useQueryClient();
  const roll = useMutation({
    mutationFn: (key: string) => told(client.POST("/api/v1/models/{key}/rollback", { params: { path: { key } } })),
    onSuccess: async (now) => {
      onClose();
      notifications.show({ color: "green", title: `${shortLabel(now.label)} is back at ${now.version}`, message: "It answers from now on." });
      await queries.invalidateQueries();
    },
  });
  return (
    <Sure
      title={`Roll ${model ? shortLabel(model.label) : ""} back?`}
      opened={model !== null}
      act="Roll back"
      pending={roll.isPending}
      trouble={roll.error}
      onClose={onClose}
      onAct={() => model && roll.mutate(model.key)}
    >
      Version <code>{model?.version}</code> stops answering at once, in every process, and the one promoted before it takes its place. Nothing is deleted.
    </Sure>
  );
}

const HEADS: Record<string, string> = { rank: "What to show (loss in nats)", rate: "What they would rate (squared error)" };

function Inside() {
  const { data: served = [] } = useQuery(models);
  const [key, setKey] = useParam("model", served.find((one) => one.default)?.key ?? "");
  const query = useQuery({ ...training(key), enabled: key !== "" });
  const names = { ...Object.fromEntries(MODELS.map((one) => [one.id, one.name])), ...Object.fromEntries(served.map((one) => [one.key, shortLabel(one.label)])) };
  return (
    <Panel
      title="Inside a model"
      about={
        <>
          How a network learnt (in <Term word="nats">nats</Term>), and how much a hybrid trusts each of its models, also for a <Term word="cold">cold item</Term>
        </>
      }
      query={query}
      height={420}
      aside={<ModelPicker label="Model" value={key} onChange={setKey} />}
      empty={(found) => (found.curves || found.beliefs ? null : <Nothing>This model is not learnt step by step: there is nothing to draw.</Nothing>)}
    >
      {(found) => (
        <Stack gap="md">
          {found.beliefs &&
            Object.entries(found.beliefs).map(([question, rows]) => (
              <div key={question}>
                <Text size="sm" fw={600}>
                  {question === "rank" ? "How much each part counts: what to show" : "How much each part counts: what they would rate"}
                </Text>
                <Guarded height={190}>
                  <Beliefs rows={rows} names={names} />
                </Guarded>
              </div>
            ))}
          {found.curves &&
            Object.entries(found.curves).map(([head, members]) => (
              <div key={head}>
                <Text size="sm" fw={600}>
                  {HEADS[head] ?? head}
                </Text>
                <Guarded height={220}>
                  <Curves members={members} colour={colour(found.beliefs ? "ncf" : key)} name={HEADS[head] ?? head} />
                </Guarded>
              </div>
            ))}
        </Stack>
      )}
    </Panel>
  );
}

function Traffic({ admin }: { admin: boolean }) {
  const query = useQuery(experiments);
  return (
    <Panel title="Traffic" about="Which share of the customers meets which model where a shop asks the API without naming one. What comes of it is counted from those answers alone; these pages always name a model, so their lists stay as they are and do not count." query={query} height={200}>
      {(found) => (
        <Stack gap="sm">
          <Running found={found} />
          {admin && <Split key={found.version} found={found} />}
        </Stack>
      )}
    </Panel>
  );
}

function Running({ found }: { found: Experiments }) {
  const running = found.experiment;
  if (!running) return <Text size="sm">No experiment runs: the default model answers everybody.</Text>;
  return (
    <>
      <Text size="sm">
        <b>{running.name}</b> runs{running.started ? ` since ${dateTime(Date.parse(running.started) / 1000)}` : ""}; {roughly(running.exploration ?? 0)} of the places are drawn by chance.
      </Text>
      <Group gap="md">
        {Object.entries(running.arms).map(([key, part]) => (
          <Text key={key} size="sm">
            <ModelName model={key} /> {share(part)}
          </Text>
        ))}
      </Group>
      <Arms results={found.results} />
    </>
  );
}

const RATES: Record<string, string> = { click_through: "Clicked", conversion: "Bought or liked" };

/** What came of the arms: how many customers each has, and how far apart they are. */
function Arms({ results }: { results: Experiments["results"] }) {
  if (!results.sizes?.length) return <Text size="sm" c="dimmed">Nothing has come of it yet.</Text>;
  const skewed = results.sizes.some((one) => one.p != null && one.p < 0.001);
  return (
    <>
      <Text size="sm">
        Customers so far: {results.sizes.map((one) => `${count(one.customers)} with ${one.arm} (${figure(one.expected, 0)} expected)`).join(", ")}.
      </Text>
      {skewed && <Alert color="yellow">The customers are not split as planned: do not trust the comparison.</Alert>}
      {(results.arms ?? []).map((row) => (
        <Text key={`${row.arm}-${row.other}-${row.metric}`} size="sm" c="dimmed">
          {RATES[row.metric] ?? row.metric}: {row.arm} − {row.other} = {share(row.difference)}
          {row.low != null && row.high != null && ` (95% interval ${share(row.low)} to ${share(row.high)})`}
        </Text>
      ))}
    </>
  );
}

function Split({ found }: { found: Experiments }) {
  const { data: served = [] } = useQuery(models);
  const [name, setName] = useState(found.experiment?.name ?? "two-models");
  const [arms, setArms] = useState<[string, string]>(() => {
    const [first = "", second = ""] = Object.keys(found.experiment?.arms ?? {});
    return [first || served.find((one) => one.default)?.key || "", second || served.find((one) => !one.default)?.key || ""];
  });
  const [percent, setPercent] = useState(Math.round(100 * (Object.values(found.experiment?.arms ?? {})[0] ?? 0.5)));
  const [exploration, setExploration] = useState(Math.round(100 * (found.experiment?.exploration ?? 0.1)));
  const queries = useQueryClient();
  const slider = useId();
  const [ending, setEnding] = useState(false);
  const done = async (): Promise<void> => {
    setEnding(false);
    void queries.invalidateQueries({ queryKey: ["customer"] }); // they say which arm they are in
    await queries.invalidateQueries({ queryKey: ["experiments"] });
  };
  const put = useMutation({
    mutationFn: () =>
      told(
        client.PUT("/api/v1/experiments", {
          body: { name, arms: { [arms[0]]: percent / 100, [arms[1]]: 1 - percent / 100 }, exploration: exploration / 100, temperature: 1, salt: "" },
        }),
      ),
    onSuccess: done,
  });
  const end = useMutation({ mutationFn: () => told(client.DELETE("/api/v1/experiments")), onSuccess: done });
  const trouble = put.error;
  return (
    <form
      aria-label="Split the traffic"
      onSubmit={(event) => {
        event.preventDefault();
        put.mutate();
      }}
    >
      <Stack gap="sm">
        <SimpleGrid cols={2} spacing="sm">
          <TextInput label="Name" value={name} required maxLength={100} onChange={(event) => setName(event.currentTarget.value)} />
          <NumberInput label="Left to chance" suffix=" %" min={0} max={100} clampBehavior="strict" value={exploration} onChange={(value) => setExploration(Number(value) || 0)} />
          <ModelPicker label="One model" value={arms[0]} onChange={(key) => setArms([key, arms[1]])} />
          <ModelPicker label="The other" value={arms[1]} onChange={(key) => setArms([arms[0], key])} />
        </SimpleGrid>
        <div>
          <Text size="sm" fw={500} id={slider}>
            {percent} % meet the one, {100 - percent} % the other
          </Text>
          <Slider value={percent} onChange={setPercent} min={5} max={95} step={5} label={null} thumbProps={{ "aria-labelledby": slider }} />
        </div>
        {trouble && (
          <Alert color="red" role="alert">
            {trouble.message}
          </Alert>
        )}
        <Group>
          <Button type="submit" size="xs" loading={put.isPending} disabled={!arms[0] || arms[0] === arms[1]}>
            {found.experiment ? "Change it" : "Start it"}
          </Button>
          {found.experiment && (
            <Button size="xs" variant="default" onClick={() => setEnding(true)}>
              End it
            </Button>
          )}
        </Group>
      </Stack>
      <Sure
        title={`End ${found.experiment?.name ?? ""}?`}
        opened={ending}
        act="End it"
        pending={end.isPending}
        trouble={end.error}
        onClose={() => setEnding(false)}
        onAct={() => end.mutate()}
      >
        The default model answers everybody again, at once. What was shown and what came of it stays stored.
      </Sure>
    </form>
  );
}

const LINK = { connecting: "connecting …", open: "live", lost: "no connection, trying again" };

function Live() {
  const { events, link } = useFeed(40);
  return (
    <Framed
      title="What happens right now"
      about="What customers do, as it is stored, the newest first; what they were merely shown is left out"
      aside={
        <Badge variant="dot" color={link === "open" ? "green" : link === "lost" ? "red" : "gray"} tt="none" role="status">
          {LINK[link]}
        </Badge>
      }
    >
      {events.length ? (
        <Wide label="Live events" width={300} height={360}>
          <Table fz="sm" verticalSpacing={4}>
            <Table.Thead className="sr-only">
              <Table.Tr>
                <Table.Th>When</Table.Th>
                <Table.Th>Who</Table.Th>
                <Table.Th>What</Table.Th>
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
                    {DID[event.event] ?? event.event}{" "}
                    <Anchor component={Link} to={`/products/${encodeURIComponent(event.item)}`} size="sm">
                      {event.title ?? event.item}
                    </Anchor>
                    {event.rating != null && ` (${event.rating})`}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Wide>
      ) : (
        <Nothing>Nothing since this page was opened. Open a customer in another window and buy something.</Nothing>
      )}
    </Framed>
  );
}

