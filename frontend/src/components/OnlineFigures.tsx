import { Anchor, Group, NativeSelect, Stack, Table, Text } from "@mantine/core";
import { Link } from "react-router";
import type { Experiments } from "../api/queries";
import { count, roughShare, share } from "../lib/format";
import { lazyComponent } from "../lib/lazy";
import { useModelInfo } from "../lib/models";
import { useParam } from "../lib/url";
import { ConfidenceInterval } from "./ConfidenceInterval";
import { GlossaryTerm } from "./GlossaryTerm";
import { ModelName } from "./ModelName";
import { PanelBoundary } from "./Panel";
import { ScrollableTable } from "./ScrollableTable";

const IntervalPlot = lazyComponent(() => import("../charts/IntervalPlot"));

type OnlineRates = Experiments["results"]["by_model"][number];

/** Click-through and conversion by model, all or of one surface; side by side only for customers whom an experiment assigned at random. */
export function OnlineFigures({ results }: { results: Experiments["results"] }) {
  const { nameOf } = useModelInfo();
  const [surface, setSurface] = useParam("surface");
  const rates = results.by_surface ?? [];
  const surfaces = [...new Set(rates.map((row) => row.surface))].sort();
  const chosen = surfaces.includes(surface) && surface !== "" ? surface : "";
  const rows: OnlineRates[] = chosen ? rates.filter((row) => row.surface === chosen) : results.by_model;
  const variants = (results.by_arm ?? []).filter((row) => row.click_through != null);
  return (
    <Stack gap="sm">
      {variants.length > 0 && (
        <>
          <Text size="sm" fw={600}>
            A/B test: customers assigned to a model at random
          </Text>
          <PanelBoundary height={200}>
            <IntervalPlot
              metric="Click-through rate"
              format={share}
              formatTick={roughShare}
              rows={variants.map((row) => ({ model: row.model, name: nameOf(row.model), value: row.click_through ?? 0, low: row.click_through_low ?? null, high: row.click_through_high ?? null }))}
            />
          </PanelBoundary>
        </>
      )}
      {surfaces.length > 1 && (
        <NativeSelect
          label="Surface"
          value={chosen}
          onChange={(event) => setSurface(event.currentTarget.value)}
          data={[{ value: "", label: "All surfaces" }, ...surfaces.filter(Boolean).map((name) => ({ value: name, label: name }))]}
          maw={240}
        />
      )}
      <RatesTable rows={rows} />
      {rows.some((row) => !row.comparable) && (
        <Text size="sm" c="dimmed">
          These rows do not compare the models: one model’s lists may have stood higher on the page, or on another page, or before other customers. An A/B test compares them.
        </Text>
      )}
      <Group>
        <Anchor component={Link} to="/models" size="sm">
          Set up an A/B test
        </Anchor>
      </Group>
    </Stack>
  );
}

function RatesTable({ rows }: { rows: OnlineRates[] }) {
  return (
    <ScrollableTable label="Click-through and conversion by model" width={360}>
      <Table fz="sm" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Model</Table.Th>
            <Table.Th ta="right">Impressions</Table.Th>
            <Table.Th ta="right">Customers</Table.Th>
            <Table.Th ta="right">
              <GlossaryTerm id="click-through">Click-through</GlossaryTerm>
            </Table.Th>
            <Table.Th ta="right">
              <GlossaryTerm id="conversion">Conversion</GlossaryTerm>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={row.model}>
              <Table.Th scope="row" fw={400}>
                <ModelName model={row.model} />
              </Table.Th>
              <Table.Td ta="right">{count(row.impressions)}</Table.Td>
              <Table.Td ta="right">{count(row.customers)}</Table.Td>
              <Table.Td ta="right">
                {share(row.click_through)}
                <ConfidenceInterval low={row.click_through_low} high={row.click_through_high} format={share} />
              </Table.Td>
              <Table.Td ta="right">
                {share(row.conversion)}
                <ConfidenceInterval low={row.conversion_low} high={row.conversion_high} format={share} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollableTable>
  );
}
