import { Anchor, Paper, SegmentedControl, SimpleGrid, Skeleton, Stack, Table, Text, Tooltip } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { experiments, findings, type Model, models, overview } from "../api/queries";
import { ConfidenceInterval } from "../components/ConfidenceInterval";
import { GlossaryLink, GlossaryTerm } from "../components/GlossaryTerm";
import { ModelName } from "../components/ModelName";
import { OnlineFigures } from "../components/OnlineFigures";
import { Page } from "../components/Page";
import { EmptyState, Panel, PanelBoundary, QueryState } from "../components/Panel";
import { ScrollableTable } from "../components/ScrollableTable";
import { ChoiceCards, Tested, Verdict } from "../components/Verdict";
import { compact, count, duration, figure } from "../lib/format";
import { lazyComponent } from "../lib/lazy";
import { figureOf, METRICS, placeModels, type Row, STANDINGS } from "../lib/leaderboard";
import { shortLabel } from "../lib/models";
import { useParam } from "../lib/url";

const EventsChart = lazyComponent(() => import("../charts/EventsChart"));
const IntervalPlot = lazyComponent(() => import("../charts/IntervalPlot"));
const CoverageChart = lazyComponent(() => import("../charts/CoverageChart"));

/** The shop's key figures and activity, the leaderboard of models, and the results of what was displayed. */
export default function OverviewPage() {
  const shop = useQuery(overview);
  return (
    <Page title={shop.data?.title || "Overview"} tabTitle="Overview" about="Customers, their activity, and how well each model predicts what they choose.">
      <QueryState query={shop} height={92}>
        {(data) => (
          <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
            <KeyFigure name="Customers" value={data.customers} to="/customers" />
            <KeyFigure name="Products" value={data.items} to="/products" />
            <KeyFigure name="Events" value={Object.values(data.events).reduce((sum, n) => sum + n, 0)} />
            <KeyFigure name="Events since training" value={data.live_events} about="Events that the models were not trained on. Recommendations take them into account all the same." to="/models" />
          </SimpleGrid>
        )}
      </QueryState>
      <Panel title="Events over time" about="By month and kind" query={shop} height={260} empty={(data) => (data.months.length ? null : <EmptyState>No events yet.</EmptyState>)}>
        {(data) => (
          <PanelBoundary height={260}>
            <EventsChart months={data.months} />
          </PanelBoundary>
        )}
      </Panel>
      <Leaderboard />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
        <AccuracyAndCoverage />
        <OnlineResults />
      </SimpleGrid>
    </Page>
  );
}

function KeyFigure({ name, value, about, to }: { name: string; value: number; about?: string; to?: string }) {
  const content = (
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
          {content}
        </Anchor>
      ) : (
        content
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

function Leaderboard() {
  const [metricId, setMetricId] = useParam("by", "ndcg@10");
  const metric = METRICS.find((one) => one.id === metricId) ?? METRICS[0];
  const served = useQuery(models);
  const { data: found, isPending } = useQuery(findings);
  const stated = found?.stated;
  return (
    <Panel
      title="Leaderboard"
      about={
        <>
          {metric.about} Measured on a held-out quarter of each product&apos;s events, with 95% intervals over customers. <GlossaryLink id={metric.metric} />
        </>
      }
      query={served}
      height={420}
      aside={
        <div className="scrollable">
          <SegmentedControl size="xs" value={metric.id} onChange={setMetricId} data={METRICS.map((one) => ({ value: one.id, label: one.name.replace("@10", "") }))} aria-label="Metric" />
        </div>
      }
      empty={(all) =>
        all.some((model) => model.figures?.length) ? null : (
          <EmptyState>
            No model has been evaluated yet: <code>c360 train</code> evaluates each model that it trains.
          </EmptyState>
        )
      }
    >
      {(all) => {
        if (isPending) return <Skeleton height={420} role="status" aria-label="Loading" />;
        const rows = placeModels(all, metric, stated?.rankings[metric.id]);
        const measured = rows.filter((row) => row.figure);
        return (
          <Stack gap="md">
            {found && <Verdict found={found} metric={metric.id} />}
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
              <PanelBoundary height={measured.length * 34 + 48}>
                <IntervalPlot
                  metric={metric.name}
                  rows={measured.map((row) => ({ model: row.model.key, name: row.name, value: row.figure?.value ?? 0, low: row.figure?.low ?? null, high: row.figure?.high ?? null }))}
                />
              </PanelBoundary>
              <ScrollableTable label="Figures by model" width={380}>
                <Table fz="sm" verticalSpacing={6}>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Model</Table.Th>
                      <Table.Th ta="right">
                        <GlossaryTerm id={metric.metric}>{metric.name}</GlossaryTerm>
                      </Table.Th>
                      <Table.Th>
                        <GlossaryTerm id="significance">Compared with the best</GlossaryTerm>
                      </Table.Th>
                      <Table.Th ta="right">Training time</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {rows.map((row) => (
                      <LeaderboardRow key={row.model.key} row={row} seconds={stated?.costs.find((cost) => cost.model === row.model.key)?.fit_seconds ?? row.model.fit_seconds} />
                    ))}
                  </Table.Tbody>
                </Table>
              </ScrollableTable>
            </SimpleGrid>
            {stated && <ChoiceCards of={stated} />}
            {found && <Tested found={found} />}
          </Stack>
        );
      }}
    </Panel>
  );
}

function LeaderboardRow({ row, seconds }: { row: Row; seconds: number | null | undefined }) {
  const weight = row.standing === "best" ? 700 : 400;
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={weight}>
        <Tooltip label={[row.model.label, row.model.description].filter(Boolean).join(": ")} openDelay={400} multiline maw={320}>
          <span>
            <ModelName model={row.model.key} label={row.model.label} strong={row.standing === "best"} />
          </span>
        </Tooltip>
      </Table.Th>
      <Table.Td ta="right" fw={weight} style={{ whiteSpace: "nowrap", fontVariantNumeric: "tabular-nums" }}>
        {figure(row.figure?.value)}
        <ConfidenceInterval low={row.figure?.low} high={row.figure?.high} />
      </Table.Td>
      <Table.Td {...(row.standing === "behind" && { c: "dimmed" })}>{STANDINGS[row.standing]}</Table.Td>
      <Table.Td ta="right" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {duration(seconds)}
      </Table.Td>
    </Table.Tr>
  );
}

function AccuracyAndCoverage() {
  const query = useQuery(models);
  const points = (all: Model[]) =>
    all.flatMap((model) => {
      const [coverage, ndcg] = [figureOf(model, "coverage", 10), figureOf(model, "ndcg", 10)];
      return coverage?.value != null && ndcg?.value != null ? [{ model: model.key, name: shortLabel(model.label), coverage: coverage.value, ndcg: ndcg.value }] : [];
    });
  return (
    <Panel
      title="Accuracy and coverage"
      about="Upwards: accuracy (nDCG@10). To the right: coverage, the share of the catalogue that is recommended to at least one customer."
      query={query}
      height={320}
      empty={(all) => (points(all).length ? null : <EmptyState>Not measured yet.</EmptyState>)}
    >
      {(all) => (
        <PanelBoundary height={320}>
          <CoverageChart points={points(all)} />
        </PanelBoundary>
      )}
    </Panel>
  );
}

/** Impressions, clicks and conversions as they were reported; a comparison of models only where chance assigned the customers. */
function OnlineResults() {
  const query = useQuery({ ...experiments, refetchInterval: 15_000 });
  return (
    <Panel
      title="Results so far"
      about="Click-through and conversion rates of the items that were reported as displayed, with 95% intervals over customers. A click counts for the list that it names, and so does a conversion; one that names none counts for the list that was clicked last, or else displayed last, within a day. What is tried on these pages is not counted."
      query={query}
      empty={(data) => (data.results.by_model.length ? null : <EmptyState>No recommendations have been displayed yet. A shop reports them as impressions, with POST /api/v1/feedback.</EmptyState>)}
    >
      {({ results }) => <OnlineFigures results={results} />}
    </Panel>
  );
}
