import { Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { findings, type Ranking, type StatedFindings } from "../api/queries";
import { asSentence, count, duration, figure, NONE } from "../lib/format";
import { METRICS, STANDINGS, standingOf } from "../lib/leaderboard";
import { GlossaryTerm } from "./GlossaryTerm";
import { ModelName } from "./ModelName";
import { EmptyState, Panel } from "./Panel";
import { ScrollableTable } from "./ScrollableTable";
import { Tested, Verdict } from "./Verdict";

const NDCG = METRICS[0];
const RATINGS = METRICS.filter((metric) => metric.metric === "rmse");

/** The place and the cost of each model, and which one to use when: what the report says of the versions in use. */
export function ModelFindings() {
  const query = useQuery(findings);
  return (
    <Panel
      title="Which model to use"
      about="The findings on the versions in use: how they compare, and what each costs. Measured when they were trained, on a held-out quarter of each product's events."
      query={query}
      height={260}
      empty={(found) => (found.stated ? null : <EmptyState>{asSentence(found.missing)}</EmptyState>)}
    >
      {(found) =>
        found.stated && (
          <Stack gap="md">
            <Verdict found={found} metric={NDCG.id} />
            <Places of={found.stated} />
            <Choices of={found.stated} />
            <Tested found={found} />
          </Stack>
        )
      }
    </Panel>
  );
}

function Places({ of }: { of: StatedFindings }) {
  const ranked = [NDCG, ...RATINGS].filter((metric) => of.rankings[metric.id]);
  return (
    <ScrollableTable label="Places and costs of the models" width={640}>
      <Table fz="sm" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Model</Table.Th>
            {ranked.map((metric) => (
              <Table.Th key={metric.id}>
                <GlossaryTerm id={metric.metric}>{metric.name}</GlossaryTerm>
              </Table.Th>
            ))}
            <Table.Th ta="right">Training time</Table.Th>
            <Table.Th ta="right">Customers per second</Table.Th>
            <Table.Th ta="right">Memory</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {of.models.map((model) => {
            const cost = of.costs.find((one) => one.model === model.key);
            return (
              <Table.Tr key={model.key}>
                <Table.Th scope="row" fw={500}>
                  <ModelName model={model.key} label={model.name} />
                </Table.Th>
                {ranked.map((metric) => (
                  <Table.Td key={metric.id}>
                    <Place model={model.key} ranking={of.rankings[metric.id]} />
                  </Table.Td>
                ))}
                <Table.Td ta="right">{duration(cost?.fit_seconds)}</Table.Td>
                <Table.Td ta="right">{count(cost?.customers_per_second && Math.round(cost.customers_per_second))}</Table.Td>
                <Table.Td ta="right">{cost?.peak_memory == null ? NONE : `${count(Math.round(cost.peak_memory / 1e6))} MB`}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </ScrollableTable>
  );
}

function Place({ model, ranking }: { model: string; ranking: Ranking | undefined }) {
  const place = ranking?.places.find((one) => one.model === model);
  if (!ranking || !place) return ranking?.echoes.includes(model) ? "no ratings of its own" : NONE;
  const standing = STANDINGS[standingOf(place, ranking.places[0]?.model)];
  return (
    <>
      {ranking.places.indexOf(place) + 1}. <span style={{ fontVariantNumeric: "tabular-nums" }}>{figure(place.value)}</span>
      {standing && (
        <Text size="xs" c="dimmed">
          {standing}
        </Text>
      )}
    </>
  );
}

function Choices({ of }: { of: StatedFindings }) {
  const byAttribute = of.choices.filter((choice) => choice.situation.who === "attribute");
  return (
    <>
      <ChoiceTable label="Which model when" choices={of.choices.filter((choice) => choice.situation.who !== "attribute")} />
      {byAttribute.length > 0 && (
        <details>
          <Text component="summary" size="sm">
            By attributes of customers
          </Text>
          <ChoiceTable label="Which model, by attribute" choices={byAttribute} />
        </details>
      )}
    </>
  );
}

function ChoiceTable({ label, choices }: { label: string; choices: StatedFindings["choices"] }) {
  return (
    <ScrollableTable label={label} width={480}>
      <Table fz="sm" verticalSpacing={6}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>For</Table.Th>
            <Table.Th ta="right">Customers</Table.Th>
            <Table.Th>Use</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {choices.map((choice) => (
            <Table.Tr key={`${choice.situation.split} ${choice.situation.segment} ${choice.situation.who}`}>
              <Table.Th scope="row" fw={400}>
                {choice.whom}
              </Table.Th>
              <Table.Td ta="right">{count(choice.ranking.n)}</Table.Td>
              <Table.Td>{choice.said}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollableTable>
  );
}
