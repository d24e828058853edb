import { Alert, Group, List, SegmentedControl, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type OffPolicy, offPolicy, type PolicyEstimate, type Reward } from "../api/queries";
import { count, NONE, roughShare, share, timeAgo } from "../lib/format";
import { lazyComponent } from "../lib/lazy";
import { shortLabel } from "../lib/models";
import { ConfidenceInterval } from "./ConfidenceInterval";
import { GlossaryTerm } from "./GlossaryTerm";
import { ModelName } from "./ModelName";
import { EmptyState, Panel, PanelBoundary } from "./Panel";
import { ScrollableTable } from "./ScrollableTable";

const IntervalPlot = lazyComponent(() => import("../charts/IntervalPlot"));

const REWARDS: { value: Reward; label: string; name: string }[] = [
  { value: "clicked", label: "Clicks", name: "Click-through rate" },
  { value: "converted", label: "Carts, purchases, likes", name: "Conversion rate" },
];
const PLACES = [
  { value: "1", label: "First position" },
  { value: "3", label: "First three" },
  { value: "all", label: "Whole list" },
];
const POLICIES: { value: PolicyEstimate["policy"]; label: string }[] = [
  { value: "explored", label: "With exploration" },
  { value: "pure", label: "Without" },
];

/** What each model would have achieved in the lists that an A/B test has shown, with a warning where nobody can tell. */
export function OffPolicyPanel() {
  const [reward, setReward] = useState<Reward>("clicked");
  const [places, setPlaces] = useState("3");
  const [policy, setPolicy] = useState<PolicyEstimate["policy"]>("explored");
  const query = useQuery(offPolicy(reward));
  return (
    <Panel
      title="What other models would have achieved"
      about={
        <>
          An A/B test with exploration shows some products at random. Where a list resembles what another model would have shown, it says how that model would have done: an <GlossaryTerm id="off-policy">off-policy estimate</GlossaryTerm>,
          which helps to choose the models of the next test and does not replace it.
        </>
      }
      query={query}
      height={260}
      empty={(found) => (found.lists || found.computing || Object.keys(found.problems).length ? null : <EmptyState>No lists to learn from in the last {count(found.days)} days: run an A/B test with exploration above 0 %, and come back when customers have seen its lists.</EmptyState>)}
    >
      {(found) => (
        <Stack gap="sm">
          <Group gap="sm">
            <SegmentedControl size="xs" aria-label="What counts" data={REWARDS} value={reward} onChange={(value) => setReward(value as Reward)} />
            <SegmentedControl size="xs" aria-label="Positions that count" data={PLACES} value={places} onChange={setPlaces} />
            <SegmentedControl size="xs" aria-label="Exploration" data={POLICIES} value={policy} onChange={(value) => setPolicy(value as PolicyEstimate["policy"])} />
          </Group>
          <Status found={found} />
          <Estimates rows={chosenRows(found.models ?? [], places, policy)} metric={REWARDS.find((one) => one.value === reward)?.name ?? reward} />
        </Stack>
      )}
    </Panel>
  );
}

/** Return one row per model, the highest lower bound first, so that an imprecise estimate does not lead; where lists have fewer positions than asked for, all count. */
export function chosenRows(rows: PolicyEstimate[], places: string, policy: PolicyEstimate["policy"]): PolicyEstimate[] {
  const wanted = rows.some((row) => String(row.places) === places) ? places : "null";
  const rank = (row: PolicyEstimate): number => row.snips_low ?? -1;
  return rows.filter((row) => row.policy === policy && String(row.places) === wanted).sort((a, b) => rank(b) - rank(a) || a.model.localeCompare(b.model));
}

function Status({ found }: { found: OffPolicy }) {
  const problems = Object.entries(found.problems);
  return (
    <>
      <Text size="sm" c="dimmed" role="status">
        {found.computed ? `From ${count(found.lists)} lists that ${count(found.customers)} customers saw, computed ${timeAgo(Date.parse(found.computed) / 1000)}.` : "Being computed for the first time: this takes a few seconds."}
        {found.computed && found.computing && " Newer ones are being computed."}
      </Text>
      {problems.length > 0 && (
        <Alert color="yellow" title="Some estimates are missing">
          {problems.map(([model, problem]) => (
            <Text key={model} size="sm">
              {model && <ModelName model={model} />} {problem}
            </Text>
          ))}
        </Alert>
      )}
    </>
  );
}

function Estimates({ rows, metric }: { rows: PolicyEstimate[]; metric: string }) {
  const shown = rows.flatMap((row) => (row.snips == null || row.snips_low == null ? [] : [{ model: row.model, name: shortLabel(row.label), value: row.snips, low: row.snips_low, high: row.snips_high ?? null }]));
  if (!rows.length) return null;
  return (
    <>
      {shown.length > 0 && (
        <PanelBoundary height={180}>
          <IntervalPlot rows={shown} metric={`${metric}, estimated`} format={share} formatTick={share} />
        </PanelBoundary>
      )}
      <ScrollableTable label="Off-policy estimates" width={640}>
        <Table fz="sm" verticalSpacing={8}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Model</Table.Th>
              <Table.Th ta="right">{metric}, estimated</Table.Th>
              <Table.Th ta="right">Observed in the test</Table.Th>
              <Table.Th ta="right">
                <GlossaryTerm id="effective-customers">Customers behind it</GlossaryTerm>
              </Table.Th>
              <Table.Th>Can it be trusted?</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <EstimateRow key={row.model} row={row} />
            ))}
          </Table.Tbody>
        </Table>
      </ScrollableTable>
    </>
  );
}

function EstimateRow({ row }: { row: PolicyEstimate }) {
  const warnings = row.warnings ?? [];
  return (
    <Table.Tr>
      <Table.Th scope="row" fw={500}>
        <ModelName model={row.model} label={row.label} />
      </Table.Th>
      <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums" }}>
        {row.snips_low == null ? NONE : share(row.snips)}
        <ConfidenceInterval low={row.snips_low} high={row.snips_high} format={roughShare} />
      </Table.Td>
      <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums" }}>
        {share(row.observed)}
        <ConfidenceInterval low={row.observed_low} high={row.observed_high} format={roughShare} />
      </Table.Td>
      <Table.Td ta="right">{count(Math.round(row.effective_customers))}</Table.Td>
      <Table.Td miw={220}>
        {warnings.length ? (
          <List size="xs" spacing={2}>
            {warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        ) : (
          <Text size="xs" c="dimmed">
            yes, within its interval
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
