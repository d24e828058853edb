import { Anchor, Group, Paper, SegmentedControl, SimpleGrid, Stack, Table, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { comparisons, experiments, type Model, models, overview } from "../api/queries";
import { Between } from "../components/Between";
import { ModelName } from "../components/ModelName";
import { Page } from "../components/Page";
import { Guarded, Nothing, Panel, State } from "../components/Panel";
import { Term, WhatTheyMean } from "../components/Term";
import { Wide } from "../components/Wide";
import { figureOf, METRICS, ranked, type Row } from "../lib/board";
import { compact, count, figure, roughly, share } from "../lib/format";
import { late } from "../lib/late";
import { shortLabel } from "../lib/palette";
import { useParam } from "../lib/url";

const Events = late(() => import("../charts/Events"));
const Dots = late(() => import("../charts/Dots"));
const Coverage = late(() => import("../charts/Coverage"));

/** How the shop is doing, and which model serves it best. */
export default function OverviewPage() {
  const about = useQuery(overview);
  const title = about.data?.title || "Overview";
  return (
    <Page title={title} tab="Overview" about="Who comes, what they do, and how well each model knows what they want.">
      <State query={about} height={92}>
        {(told) => (
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
            <Total name="Customers" value={told.customers} to="/customers" />
            <Total name="Products" value={told.items} to="/products" />
            <Total name="Events" value={Object.values(told.events).reduce((sum, n) => sum + n, 0)} />
            <Total name="Events since training" value={told.live_events} about="Events that the models were not trained on; the answers know of them all the same" to="/models" />
          </SimpleGrid>
        )}
      </State>
      <Panel title="Events over time" about="By month and kind" query={about} height={260} empty={(told) => (told.months.length ? null : <Nothing>Nothing has happened yet.</Nothing>)}>
        {(told) => (
          <Guarded height={260}>
            <Events months={told.months} />
          </Guarded>
        )}
      </Panel>
      <Leaderboard />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <Variety />
        <Online />
      </SimpleGrid>
    </Page>
  );
}

function Total({ name, value, about, to }: { name: string; value: number; about?: string; to?: string }) {
  const shown = (
    <>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text fz={26} fw={650} lh={1.2} title={count(value)}>
        {value < 100_000 ? count(value) : compact(value)}
      </Text>
    </>
  );
  const card = (
    <Paper withBorder radius="md" p="md" h="100%">
      {to ? (
        <Anchor component={Link} to={to} c="inherit" underline="never" display="block">
          {shown}
        </Anchor>
      ) : (
        shown
      )}
    </Paper>
  );
  return about ? (
    <Tooltip label={about} multiline maw={260}>
      {card}
    </Tooltip>
  ) : (
    card
  );
}

const MARKS: Record<Row["mark"], string> = { best: "best", level: "not significantly worse", behind: "significantly worse", "": "" };

function Leaderboard() {
  const [by, setBy] = useParam("by", "ndcg@10");
  const metric = METRICS.find((one) => one.id === by) ?? METRICS[0];
  const served = useQuery(models);
  const tested = useQuery(comparisons);
  return (
    <Panel
      title="Leaderboard"
      about={
        <>
          {metric.about} On a held-out quarter of each product&apos;s events, with 95% intervals over customers. <WhatTheyMean word={metric.metric} />
        </>
      }
      query={served}
      height={420}
      aside={
        <div className="wide">
          <SegmentedControl size="xs" value={metric.id} onChange={setBy} data={METRICS.map((one) => ({ value: one.id, label: one.name.replace("@10", "") }))} aria-label="Metric" />
        </div>
      }
      empty={(all) => (all.some((one) => one.figures?.length) ? null : <Nothing>No model here has been measured: <code>c360 train</code> measures while it trains.</Nothing>)}
    >
      {(all) => {
        const rows = ranked(all, metric, tested.data?.pairs ?? []);
        const drawn = rows.filter((row) => row.figure);
        return (
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
            <Guarded height={drawn.length * 34 + 48}>
              <Dots
                metric={metric.name}
                rows={drawn.map((row) => ({ model: row.model.key, name: row.name, value: row.figure?.value ?? 0, low: row.figure?.low ?? null, high: row.figure?.high ?? null }))}
              />
            </Guarded>
            <Wide label="The figures" width={380}>
              <Table fz="sm" verticalSpacing={6}>
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Model</Table.Th>
                    <Table.Th ta="right">
                      <Term word={metric.metric}>{metric.name}</Term>
                    </Table.Th>
                    <Table.Th>
                      <Term word="mark">Against the best</Term>
                    </Table.Th>
                    <Table.Th ta="right">Trained in</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {rows.map((row) => (
                    <Table.Tr key={row.model.key}>
                      <Table.Th scope="row" fw={row.mark === "best" ? 700 : 400}>
                        <Tooltip label={row.model.label} openDelay={400}>
                          <span>
                            <ModelName model={row.model.key} label={row.model.label} strong={row.mark === "best"} />
                          </span>
                        </Tooltip>
                      </Table.Th>
                      <Table.Td ta="right" fw={row.mark === "best" ? 700 : 400} style={{ whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums" }}>
                        {figure(row.figure?.value)}
                        <Between low={row.figure?.low} high={row.figure?.high} />
                      </Table.Td>
                      <Table.Td {...(row.mark === "behind" && { c: "dimmed" })}>{MARKS[row.mark]}</Table.Td>
                      <Table.Td ta="right" c="dimmed" style={{ whiteSpace: "nowrap" }}>
                        {row.model.fit_seconds == null ? "" : row.model.fit_seconds < 0.1 ? "< 0.1 s" : `${figure(row.model.fit_seconds, 1)} s`}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Wide>
            <Text size="sm" style={{ gridColumn: "1 / -1" }}>
              {inWords(rows, metric.name)}{" "}
              <Text component="span" c="dimmed" inherit>
                {tested.data?.pairs.length
                  ? "Paired tests over the same customers (Holm's correction over all pairs of a metric, 5%): two models whose intervals overlap can still differ for sure, since each customer is compared with themselves."
                  : "These models were not tested against each other on the same customers."}
              </Text>
            </Text>
          </SimpleGrid>
        );
      }}
    </Panel>
  );
}

function inWords(rows: Row[], metric: string): string {
  const best = rows.find((row) => row.mark === "best");
  if (!best) return "";
  const level = rows.filter((row) => row.mark === "level").map((row) => row.name);
  return `Best by ${metric}: ${best.name}.${level.length ? ` Not reliably behind: ${level.join(", ")}.` : ""}`;
}

function Variety() {
  const query = useQuery(models);
  const placed = (all: Model[]) =>
    all.flatMap((model) => {
      const [coverage, ndcg] = [figureOf(model, "coverage", 10), figureOf(model, "ndcg", 10)];
      return coverage?.value != null && ndcg?.value != null ? [{ model: model.key, name: shortLabel(model.label), coverage: coverage.value, ndcg: ndcg.value }] : [];
    });
  return (
    <Panel
      title="Accurate, or always the same?"
      about="Up is accurate (nDCG@10); right is varied (coverage): the share of the catalogue that is shown to somebody."
      query={query}
      height={320}
      empty={(all) => (placed(all).length ? null : <Nothing>Not measured.</Nothing>)}
    >
      {(all) => (
        <Guarded height={320}>
          <Coverage rows={placed(all)} />
        </Guarded>
      )}
    </Panel>
  );
}

function Online() {
  const query = useQuery({ ...experiments, refetchInterval: 15_000 });
  const { data: served = [] } = useQuery(models);
  const names = Object.fromEntries(served.map((one) => [one.key, shortLabel(one.label)]));
  return (
    <Panel
      title="What came of it"
      about="How much of what was shown was clicked (the dots), and bought, put into the cart or liked, with 95% intervals over customers. What stands on two lists counts for the one whose button was pressed."
      query={query}
      empty={(told) => (told.results.by_model.length ? null : <Nothing>Nothing has been shown to anybody yet. Open a customer: what the lists show and what is done with it is counted here.</Nothing>)}
    >
      {({ results }) => (
        <Stack gap="sm">
          {results.by_model.some((row) => row.impressions > 0) && (
            <Guarded height={200}>
              <Dots
                metric="Click-through"
                write={share}
                onAxis={roughly}
                rows={results.by_model
                  .filter((row) => row.click_through != null)
                  .map((row) => ({ model: row.model, name: names[row.model] ?? row.model, value: row.click_through ?? 0, low: row.click_through_low ?? null, high: row.click_through_high ?? null }))}
              />
            </Guarded>
          )}
          <Wide label="Shown, clicked, bought or liked" width={320}>
            <Table fz="sm" verticalSpacing={6}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Model</Table.Th>
                  <Table.Th ta="right">Shown</Table.Th>
                  <Table.Th ta="right">Customers</Table.Th>
                  <Table.Th ta="right">
                    <Term word="clicked" />
                  </Table.Th>
                  <Table.Th ta="right">
                    <Term word="bought" />
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {results.by_model.map((row) => (
                  <Table.Tr key={row.model}>
                    <Table.Th scope="row" fw={400}>
                      <ModelName model={row.model} />
                    </Table.Th>
                    <Table.Td ta="right">{count(row.impressions)}</Table.Td>
                    <Table.Td ta="right">{count(row.customers)}</Table.Td>
                    <Table.Td ta="right">
                      {share(row.click_through)}
                      <Between low={row.click_through_low} high={row.click_through_high} write={share} />
                    </Table.Td>
                    <Table.Td ta="right">
                      {share(row.conversion)}
                      <Between low={row.conversion_low} high={row.conversion_high} write={share} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Wide>
          <Group>
            <Anchor component={Link} to="/models" size="sm">
              Split the traffic between models
            </Anchor>
          </Group>
        </Stack>
      )}
    </Panel>
  );
}
