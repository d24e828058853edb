import { SegmentedControl, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { onlineAgreement, type OnlineRate, type VersionAgreement } from "../api/queries";
import { count, figure, roughShare, share } from "../lib/format";
import { lazyComponent } from "../lib/lazy";
import { shortLabel } from "../lib/models";
import { ConfidenceInterval } from "./ConfidenceInterval";
import { GlossaryTerm } from "./GlossaryTerm";
import { ModelName } from "./ModelName";
import { EmptyState, Panel, PanelBoundary } from "./Panel";
import { ScrollableTable } from "./ScrollableTable";

const AgreementChart = lazyComponent(() => import("../charts/AgreementChart"));

const RATES: { value: OnlineRate; label: string; name: string }[] = [
  { value: "click_through", label: "Clicks", name: "Click-through rate" },
  { value: "conversion", label: "Carts, purchases, likes", name: "Conversion rate" },
];

/** The offline figure of each version beside what customers did with its recommendations. */
export function OnlineAgreementPanel() {
  const [rate, setRate] = useState<OnlineRate>("click_through");
  const query = useQuery(onlineAgreement(rate));
  const name = RATES.find((one) => one.value === rate)?.name ?? rate;
  return (
    <Panel
      title="Did the report tell the truth?"
      about={
        <>
          The report promises that a model with a higher <GlossaryTerm id="ndcg">nDCG@10</GlossaryTerm> recommends better. Here it stands beside what customers did with the lists of each version. The two are on different scales: only the order can agree, and only of versions that were measured on the same data. Where no A/B test assigned the customers, a list’s place on the page may explain an observed rate.
        </>
      }
      query={query}
      height={260}
      aside={<SegmentedControl size="xs" aria-label="Observed rate" data={RATES} value={rate} onChange={(value) => setRate(value as OnlineRate)} />}
      empty={(found) => (observed(found.versions ?? []).length ? null : <EmptyState>No version&apos;s recommendations have been seen by customers in the last {count(found.days)} days.</EmptyState>)}
    >
      {(found) => {
        const rows = observed(found.versions ?? []);
        const both = rows.filter((row) => row.offline != null);
        return (
          <Stack gap="sm">
            <Text size="sm">{found.text}</Text>
            {both.length > 1 && (
              <PanelBoundary height={260}>
                <AgreementChart rows={both} metric="nDCG@10 in the report" rate={`${name}, observed`} />
              </PanelBoundary>
            )}
            <Versions rows={rows} name={name} />
          </Stack>
        );
      }}
    </Panel>
  );
}

/** Return the versions that customers have seen. */
const observed = (rows: VersionAgreement[]): VersionAgreement[] => rows.filter((row) => row.online != null);

function Versions({ rows, name }: { rows: VersionAgreement[]; name: string }) {
  return (
    <ScrollableTable label="Offline and online figures" width={640}>
      <Table fz="sm" verticalSpacing={8}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Model</Table.Th>
            <Table.Th>Version</Table.Th>
            <Table.Th>Measured on data</Table.Th>
            <Table.Th ta="right">nDCG@10 in the report</Table.Th>
            <Table.Th ta="right">{name}, observed</Table.Th>
            <Table.Th ta="right">Customers</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={`${row.model} ${row.version}`}>
              <Table.Th scope="row" fw={500}>
                <ModelName model={row.model} label={shortLabel(row.label)} />
              </Table.Th>
              <Table.Td>
                <code>{row.version}</code>
              </Table.Td>
              <Table.Td>{row.snapshot && row.offline != null ? <code>{row.snapshot}</code> : "–"}</Table.Td>
              <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums" }}>
                {figure(row.offline)}
                <ConfidenceInterval low={row.offline_low} high={row.offline_high} />
              </Table.Td>
              <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums" }}>
                {share(row.online)}
                <ConfidenceInterval low={row.online_low} high={row.online_high} format={roughShare} />
              </Table.Td>
              <Table.Td ta="right">{count(row.customers)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollableTable>
  );
}
