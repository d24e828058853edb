import { Button, CloseButton, Group, NumberInput, Paper, SimpleGrid, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowsShuffle, IconPlus, IconSearch } from "@tabler/icons-react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { item, models, popular, type RecommendedItem, search, visitorRecommendations } from "../api/queries";
import { ItemList } from "../components/ItemList";
import { ModelName } from "../components/ModelName";
import { Page } from "../components/Page";
import { EmptyState, Panel, PanelFrame } from "../components/Panel";
import { ProductPicture } from "../components/ProductPicture";
import { categoryText } from "../lib/categories";
import { shortLabel } from "../lib/models";
import { boundedNumber, useParam } from "../lib/url";

const MAX_PICKS = 3;

/** Recommendations for an anonymous visitor of whom only a few viewed products are known. */
export default function VisitorPage() {
  const [listed, setListed] = useParam("pick");
  const [size, setSize] = useParam("n", "5");
  const picked = useMemo(() => [...new Set(listed.split("~").filter(Boolean))].slice(0, MAX_PICKS), [listed]); // ids may contain commas
  const n = boundedNumber(size, 1, 20, 5);
  const products = useQueries({ queries: picked.map((id) => item(id)) });
  const { data: served = [] } = useQuery(models);
  const lists = useQuery(visitorRecommendations(picked, served.map((model) => model.key), n));
  const setPicked = (ids: string[]): void => setListed(ids.join("~"));
  return (
    <Page title="New visitor" about={`Pick up to ${MAX_PICKS} products that an anonymous visitor views, and compare what each model recommends. Nothing is stored.`}>
      <PanelFrame
        title="Viewed products"
        aside={
          picked.length > 0 && (
            <Button variant="subtle" size="xs" onClick={() => setPicked([])}>
              Clear
            </Button>
          )
        }
      >
        <Group gap="xs" aria-live="polite">
          {picked.map((id, at) => (
            <Paper key={id} withBorder pl="sm" radius="xl">
              <Group gap={4} wrap="nowrap">
                <ProductPicture category={products[at]?.data?.category} size={24} />
                <Text size="sm">{products[at]?.data?.title ?? id}</Text>
                <CloseButton size="md" aria-label={`Remove ${products[at]?.data?.title ?? id}`} onClick={() => setPicked(picked.filter((other) => other !== id))} />
              </Group>
            </Paper>
          ))}
          <Text size="sm" c="dimmed">
            {hint(picked.length)}
          </Text>
        </Group>
        <ProductPicker picked={picked} onPick={(id) => setPicked([...picked, id])} onPickRandom={setPicked} />
      </PanelFrame>
      <Panel
        title="Recommendations by model"
        about="Every model sees the same products. In brackets: how much of an item’s score depends on that reason."
        query={lists}
        height={300}
        aside={<NumberInput label="Items per list" value={n} min={1} max={20} w={110} allowDecimal={false} allowNegative={false} onChange={(value) => value !== "" && setSize(String(boundedNumber(String(value), 1, 20, 5)))} />}
        empty={(answers) => (answers.length ? null : <EmptyState>No model is deployed.</EmptyState>)}
      >
        {(answers) => (
          <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="md">
            {answers.map((answer) => {
              const label = served.find((model) => model.key === answer.model)?.label ?? answer.model;
              return (
                <section key={answer.model} aria-label={shortLabel(label)}>
                  <ModelName model={answer.model} strong />
                  <ItemList items={answer.items} showReasons />
                </section>
              );
            })}
          </SimpleGrid>
        )}
      </Panel>
      {!picked.length && <EmptyState>Pick a product above to see recommendations.</EmptyState>}
    </Page>
  );
}

function hint(picked: number): string {
  if (!picked) return "None picked yet.";
  return picked < MAX_PICKS ? `You can pick ${MAX_PICKS - picked} more.` : `${MAX_PICKS} is the maximum; remove one to pick another.`;
}

function ProductPicker({ picked, onPick, onPickRandom }: { picked: string[]; onPick: (id: string) => void; onPickRandom: (ids: string[]) => void }) {
  const [typed, setTyped] = useState("");
  const [term] = useDebouncedValue(typed.trim(), 250);
  const matches = useQuery(search(term, "", "", 12));
  const bestKnown = useQuery(popular(60));
  const pickable = (found: RecommendedItem[]): RecommendedItem[] => found.filter((product) => product.close && !picked.includes(product.item)).slice(0, 12);
  const pickRandom = (): void => {
    const pool = [...(bestKnown.data ?? [])];
    onPickRandom(Array.from({ length: Math.min(MAX_PICKS, pool.length) }, () => pool.splice(Math.floor(Math.random() * pool.length), 1)[0]?.item ?? ""));
  };
  return (
    <Stack gap="sm">
      <Group align="flex-end">
        <TextInput
          style={{ flex: 1, minWidth: 200 }}
          label="Search for a product"
          placeholder="something for the garden"
          value={typed}
          leftSection={<IconSearch size={16} aria-hidden />}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button variant="default" leftSection={<IconArrowsShuffle size={16} aria-hidden />} onClick={pickRandom} disabled={!bestKnown.data}>
          Surprise me
        </Button>
      </Group>
      <Panel
        title={term ? "Search results" : "Popular products"}
        order={3}
        query={term ? matches : bestKnown}
        empty={(found) => (pickable(found).length ? null : <EmptyState>No product matches this well. Try other words.</EmptyState>)}
      >
        {(found) => (
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3, lg: 4 }} spacing="xs">
            {pickable(found).map((product) => (
              <UnstyledButton key={product.item} className="tile" disabled={picked.length >= MAX_PICKS} onClick={() => onPick(product.item)} data-pick={product.item}>
                <Group gap="xs" wrap="nowrap" align="flex-start">
                  <ProductPicture category={product.category} size={32} />
                  <div style={{ flex: 1 }}>
                    <Text size="sm" fw={500}>
                      {product.title}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {categoryText(product.category ?? "")}
                    </Text>
                  </div>
                  <IconPlus size={16} aria-hidden style={{ flex: "none" }} />
                </Group>
              </UnstyledButton>
            ))}
          </SimpleGrid>
        )}
      </Panel>
    </Stack>
  );
}
