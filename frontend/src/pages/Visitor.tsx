import { Button, CloseButton, Group, NumberInput, Paper, SimpleGrid, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowsShuffle, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { forVisitor, item, models, type Pick, popular, search } from "../api/queries";
import { ItemList } from "../components/ItemList";
import { ModelName } from "../components/ModelName";
import { Page } from "../components/Page";
import { Framed, Nothing, Panel } from "../components/Panel";
import { shortLabel } from "../lib/palette";
import { bounded, useParam } from "../lib/url";

const FEW = 3; // products that a visitor picks

/** Somebody of whom nothing is known but what they look at right now. */
export default function Visitor() {
  const [listed, setListed] = useParam("pick");
  const [size, setSize] = useParam("n", "5");
  const picks = useMemo(() => [...new Set(listed.split("~").filter(Boolean))].slice(0, FEW), [listed]); // ids may hold commas
  const n = bounded(size, 1, 20, 5);
  const known = useQueries({ queries: picks.map((id) => item(id)) });
  const { data: served = [] } = useQuery(models);
  const keys = served.map((one) => one.key);
  const lists = useQuery(forVisitor(picks, keys, n));
  const set = (ids: string[]): void => setListed(ids.join("~"));
  return (
    <Page title="New visitor" about={`Pick up to ${FEW} products that a stranger looks at, and see what each model makes of so little. Nothing of it is stored.`}>
      <Framed title="What they look at" aside={picks.length > 0 && <Button variant="subtle" size="xs" onClick={() => set([])}>Start again</Button>}>
        <Group gap="xs" aria-live="polite">
          {picks.map((id, at) => (
            <Paper key={id} withBorder pl="sm" radius="xl">
              <Group gap={4} wrap="nowrap">
                <Text size="sm">{known[at]?.data?.title ?? id}</Text>
                <CloseButton size="md" aria-label={`Remove ${known[at]?.data?.title ?? id}`} onClick={() => set(picks.filter((one) => one !== id))} />
              </Group>
            </Paper>
          ))}
          {picks.length < FEW && (
            <Text size="sm" c="dimmed">
              {picks.length ? `${FEW - picks.length} more, if you like.` : "Nothing yet."}
            </Text>
          )}
          {picks.length >= FEW && (
            <Text size="sm" c="dimmed">
              That is all {FEW}; remove one to pick another.
            </Text>
          )}
        </Group>
        <Shelf picks={picks} onPick={(id) => set([...picks, id])} onDraw={set} />
      </Framed>
      <Panel
        title="What each model would show"
        about="The same products, read by every model; in brackets, how much of an item's score would go without that reason"
        query={lists}
        height={300}
        aside={<NumberInput label="How many" value={n} min={1} max={20} w={100} allowDecimal={false} allowNegative={false} onChange={(value) => value !== "" && setSize(String(bounded(String(value), 1, 20, 5)))} />}
        empty={(answers) => (answers.length ? null : <Nothing>No model answers.</Nothing>)}
      >
        {(answers) => (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md">
            {answers.map((answer) => {
              const label = served.find((one) => one.key === answer.model)?.label ?? answer.model;
              return (
                <section key={answer.model} aria-label={shortLabel(label)}>
                  <ModelName model={answer.model} strong />
                  <ItemList picks={answer.items} why />
                </section>
              );
            })}
          </SimpleGrid>
        )}
      </Panel>
      {!picks.length && <Nothing>Pick something above, and the lists appear here.</Nothing>}
    </Page>
  );
}

function Shelf({ picks, onPick, onDraw }: { picks: string[]; onPick: (id: string) => void; onDraw: (ids: string[]) => void }) {
  const [typed, setTyped] = useState("");
  const [settled] = useDebouncedValue(typed.trim(), 250);
  const wanted = useQuery(search(settled, "", "", 12));
  const usual = useQuery(popular(60));
  const shelf = settled ? wanted : usual;
  const offered = (found: Pick[]): Pick[] => found.filter((one) => one.close && !picks.includes(one.item)).slice(0, 12);
  const draw = (): void => {
    const left = [...(usual.data ?? [])];
    const drawn = Array.from({ length: Math.min(FEW, left.length) }, () => left.splice(Math.floor(Math.random() * left.length), 1)[0]?.item ?? "");
    onDraw(drawn);
  };
  return (
    <Stack gap="sm">
      <Group align="flex-end">
        <TextInput
          style={{ flex: 1, minWidth: 200 }}
          label="Look for a product"
          placeholder="something for the garden"
          value={typed}
          leftSection={<IconSearch size={16} aria-hidden />}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button variant="default" leftSection={<IconArrowsShuffle size={16} aria-hidden />} onClick={draw} disabled={!usual.data}>
          Surprise me
        </Button>
      </Group>
      <Panel
        title={settled ? "Found" : "Much bought"}
        order={3}
        query={shelf}
        empty={(found) => (offered(found).length ? null : <Nothing>Nothing is close to this.</Nothing>)}
      >
        {(found) => (
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 4 }} spacing="xs">
            {offered(found).map((one) => (
              <UnstyledButton key={one.item} className="tile" disabled={picks.length >= FEW} onClick={() => onPick(one.item)} data-pick={one.item}>
                <Group gap={6} wrap="nowrap" justify="space-between">
                  <Text size="sm" fw={500}>
                    {one.title}
                  </Text>
                  <IconPlus size={16} aria-hidden style={{ flex: "none" }} />
                </Group>
                <Text size="xs" c="dimmed">
                  {one.category}
                </Text>
              </UnstyledButton>
            ))}
          </SimpleGrid>
        )}
      </Panel>
    </Stack>
  );
}
