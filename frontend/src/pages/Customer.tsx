import { Alert, Anchor, Badge, Button, Grid, Group, NumberInput, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { Failure } from "../api/client";
import { useFeedback } from "../api/feedback";
import { customers, type Model, models, type Pick, profile, type Profile, recommendations } from "../api/queries";
import { Afterwards } from "../components/Afterwards";
import { CustomerName, toCustomer } from "../components/CustomerName";
import { CustomerPicker } from "../components/CustomerPicker";
import type { Act } from "../components/ItemRow";
import { ItemDrawer } from "../components/ItemDrawer";
import { ModelName, ModelPicker } from "../components/ModelName";
import { Page } from "../components/Page";
import { type Asked, Framed, Guarded, Nothing, Panel, State } from "../components/Panel";
import { type LastAct, RecommendationList } from "../components/RecommendationList";
import { Shares } from "../components/Shares";
import { WhatTheyMean } from "../components/Term";
import { called, described } from "../lib/people";
import { count, date, dateTime, NONE, price, sentence, words } from "../lib/format";
import { late } from "../lib/late";
import { DID } from "../lib/palette";
import { bounded, useParam } from "../lib/url";

const Activity = late(() => import("../charts/Activity"));

/** A customer from all sides: who they are, what each model would show them, and why. */
export default function CustomerPage() {
  const { customer = "" } = useParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { left, right, n } = useChoice();
  const { data: about } = useQuery({ ...profile(customer), enabled: customer !== "" });
  const open = (id: string): void => {
    if (id) {
      void queries.prefetchQuery(profile(id)); // on the way while the page is still being drawn
      for (const key of [left, right]) if (key) void queries.prefetchQuery(recommendations(id, key, n));
    }
    void navigate(id ? { pathname: `/customers/${encodeURIComponent(id)}`, search: location.search.replace(/([?&])open=[^&]*/, "$1") } : "/customers");
  };
  return (
    <Page title={customer ? <Name customer={customer} /> : "Customers"} tab={about ? called(about) : customer || "Customers"}>
      <CustomerPicker
        key={customer}
        label="Find a customer"
        chosen={customer}
        onPick={open}
      />
      {customer ? <One key={`one-${customer}`} customer={customer} /> : <Some />}
    </Page>
  );
}

function Name({ customer }: { customer: string }) {
  const { data } = useQuery(profile(customer));
  const name = data ? called(data) : customer;
  return (
    <>
      {name === customer ? `Customer ${customer}` : name}
      {name !== customer && (
        <Text component="span" c="dimmed" ml="xs">
          {customer}
        </Text>
      )}
    </>
  );
}

function Some() {
  const query = useQuery(customers("", 24));
  return (
    <Panel title="Some of them" about="Take one, or look for somebody above." query={query} empty={(found) => (found.length ? null : <Nothing>There are no customers yet.</Nothing>)}>
      {(found) => (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="xs">
          {found.map((one) => (
            <Anchor key={one.id} component={Link} to={`/customers/${encodeURIComponent(one.id)}`} className="tile">
              <Text fw={600}>{called(one)}</Text>
              <Text size="sm" c="dimmed">
                {described(one)}
              </Text>
            </Anchor>
          ))}
        </SimpleGrid>
      )}
    </Panel>
  );
}

function One({ customer }: { customer: string }) {
  const query = useQuery(profile(customer));
  if (query.error instanceof Failure && [404, 410].includes(query.error.status))
    return (
      <Alert color="yellow" title={query.error.status === 410 ? "Forgotten at their wish" : "Nobody has this id"}>
        {sentence(query.error.message.replace(/;.*/, ""))}. Look for somebody else above.
      </Alert>
    );
  return (
    <>
      <Who query={query} />
      <Lists customer={customer} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <Panel title="Taste" about="How much of what they chose is of each category" query={query} empty={(p) => (p.categories.length ? null : <Nothing>Nothing is known yet.</Nothing>)}>
              {(p) => <Shares rows={p.categories.map((one) => ({ name: one.category, share: one.share }))} />}
            </Panel>
            <Panel title="Most alike" about="Customers with the most similar history" query={query} empty={(p) => (p.nearest.length ? null : <Nothing>Nobody is like this customer yet.</Nothing>)}>
              {(p) => (
                <Group gap="xs">
                  {p.nearest.map((one) => (
                    <Button key={one.id} component={Link} to={toCustomer(one.id)} variant="default" size="xs">
                      <CustomerName id={one.id} name={one.name} />
                    </Button>
                  ))}
                </Group>
              )}
            </Panel>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <Panel title="Activity" about="Events and purchases, by month" query={query} height={220} empty={(p) => (p.activity.length ? null : <Nothing>Nothing has happened yet.</Nothing>)}>
              {(p) => (
                <Guarded height={220}>
                  <Afterwards height={220}>
                    <Activity months={p.activity} />
                  </Afterwards>
                </Guarded>
              )}
            </Panel>
            <History query={query} />
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

const offered = (served: Model[] | undefined, key: string, otherwise: string): string => (served?.some((one) => one.key === key) ? key : otherwise);

/** Which two models are looked at, and how many of their items. */
function useChoice() {
  const { data: served } = useQuery(models);
  const first = served?.[0]?.key ?? "";
  const [wishedLeft, setLeft] = useParam("left", first);
  const left = offered(served, wishedLeft, first);
  const others = served?.filter((one) => one.key !== left) ?? [];
  const second = (others.find((one) => one.key === "knn") ?? others[0])?.key ?? "";
  const [wishedRight, setRight] = useParam("right", second);
  const right = offered(served, wishedRight, second);
  const [size, setSize] = useParam("n", "6");
  return { left, setLeft, right, setRight, n: bounded(size, 1, 30, 6), setSize };
}

function Lists({ customer }: { customer: string }) {
  const { left, setLeft, right, setRight, n, setSize } = useChoice();
  const [open, setOpen] = useParam("open", "", "step");
  const [last, setLast] = useState<LastAct | null>(null);
  const queries = useQueryClient();
  const feedback = useFeedback();
  const shown = [left, right].filter((key, at, all) => key && all.indexOf(key) === at);

  const acting = useRef(new Set<string>()); // items: a second click of a double click is no second deed
  const act = async (pick: Pick, event: Parameters<Act>[1], rating: number | undefined, recommendation: string, model: string): Promise<void> => {
    if (acting.current.has(pick.item)) return;
    acting.current.add(pick.item);
    const before = Object.fromEntries(shown.map((key) => [key, queries.getQueryData(recommendations(customer, key, n).queryKey)?.items ?? []]));
    try {
      await feedback.mutateAsync({ customer, item: pick.item, event, ...(rating != null && { rating }), recommendation_id: recommendation });
      setLast({ item: pick.item, title: pick.title, event, model, before, ...(rating != null && { rating }) });
    } catch (error) {
      notifications.show({ color: "red", title: "Not stored", message: `${(error as Error).message} Nothing was changed; try again.` });
    } finally {
      acting.current.delete(pick.item);
    }
  };

  return (
    <Framed title="What each model would show" about="Act on an item as the customer: the lists answer at once, and say what changed and why. What stands here counts as shown to them. The order is by what they would choose next, not by the stars that they would give; in brackets, how much of an item's score would go without that reason.">
      <Group align="flex-end" gap="sm">
        <ModelPicker label="Left" value={left} onChange={setLeft} />
        <ModelPicker label="Right" value={right} onChange={setRight} />
        <NumberInput label="How many" value={n} min={1} max={30} w={100} allowDecimal={false} allowNegative={false} onChange={(value) => value !== "" && setSize(String(bounded(String(value), 1, 30, 6)))} />
      </Group>
      <SimpleGrid cols={{ base: 1, md: shown.length || 2 }} spacing="md">
        {shown.map((key) => (
          <RecommendationList
            key={key}
            customer={customer}
            model={key}
            n={n}
            last={last}
            onAct={(...deed) => void act(...deed, key)}
            onOpen={(pick, recommendation) => {
              setOpen(pick.item);
              void act(pick, "click", undefined, recommendation, key);
            }}
          />
        ))}
      </SimpleGrid>
      <ItemDrawer id={open} customer={customer} onClose={() => setOpen("")} />
    </Framed>
  );
}

function Who({ query }: { query: Asked<Profile> }) {
  return (
    <Framed title="Who">
      <State query={query}>
        {(p) => (
          <>
            <Group gap="xs">
              {p.segment?.label && (
                <Badge size="lg" tt="none">
                  {words(p.segment.label)}
                </Badge>
              )}
              {Object.entries(p.attributes ?? {}).filter(([name]) => name !== "name").map(([name, value]) => (
                <Badge key={name} size="lg" variant="default" tt="none" fw={400}>
                  {words(name)}: {String(value)}
                </Badge>
              ))}
            </Group>
            <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="xs" component="dl" m={0} mt="sm">
              <Fact name="Events" value={count(p.n_events)} />
              <Fact name="Purchases" value={count(p.segment?.frequency)} />
              <Fact name="Spent" value={price(p.segment?.monetary)} />
              <Fact name="Last purchase" value={lastPurchase(p)} />
            </SimpleGrid>
            {p.segment?.label && (
              <Text size="sm" mt="xs">
                <WhatTheyMean word={p.segment.label}>What does “{words(p.segment.label)}” mean?</WhatTheyMean>
              </Text>
            )}
            {p.experiment && (
              <Text size="sm" mt="xs">
                In the experiment <b>{p.experiment.name}</b> they are in the arm <ModelName model={p.experiment.arm} />: that model answers where a shop asks without naming one.
              </Text>
            )}
            {(p.merged ?? []).length > 0 && <Text size="sm">Also known as {p.merged?.join(", ")}.</Text>}
          </>
        )}
      </State>
    </Framed>
  );
}

function lastPurchase(p: Profile): string {
  const bought = p.history.find((deed) => deed.event === "purchase")?.timestamp;
  if (bought) return date(bought);
  return p.segment?.recency_days == null ? NONE : `${count(Math.round(p.segment.recency_days))} days before the newest event`;
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <Text component="dt" size="xs" c="dimmed">
        {name}
      </Text>
      <Title component="dd" order={3} size="h4" m={0}>
        {value}
      </Title>
    </div>
  );
}

function History({ query }: { query: Asked<Profile> }) {
  const [all, setAll] = useState(false);
  return (
    <Panel title="History" about="The newest first" query={query} empty={(p) => (p.history.length ? null : <Nothing>Nothing has happened yet.</Nothing>)}>
      {(p) => (
        <>
          <Table verticalSpacing={4} fz="sm">
            <Table.Thead className="sr-only">
              <Table.Tr>
                <Table.Th>What</Table.Th>
                <Table.Th>Product</Table.Th>
                <Table.Th>When</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {p.history.slice(0, all ? undefined : 8).map((deed, at) => (
                <Table.Tr key={`${deed.item}-${deed.event}-${deed.timestamp}-${at}`}>
                  <Table.Td c="dimmed">
                    {DID[deed.event] ?? deed.event}
                    {deed.rating != null && ` ${deed.rating}`}
                  </Table.Td>
                  <Table.Td>
                    <Anchor component={Link} to={`/products/${encodeURIComponent(deed.item)}`} size="sm">
                      {deed.title ?? deed.item}
                    </Anchor>
                  </Table.Td>
                  <Table.Td c="dimmed" ta="right" title={deed.timestamp ? dateTime(deed.timestamp) : undefined} style={{ whiteSpace: "nowrap" }}>
                    {deed.timestamp ? date(deed.timestamp) : ""}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {p.history.length > 8 && (
            <Button variant="subtle" size="xs" onClick={() => setAll(!all)}>
              {all ? "Show fewer" : `Show ${p.n_events > p.history.length ? "the newest" : "all"} ${p.history.length}`}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}
