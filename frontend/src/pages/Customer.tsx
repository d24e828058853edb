import { Alert, Anchor, Badge, Button, Grid, Group, NumberInput, SimpleGrid, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { ApiError } from "../api/client";
import { customers, type Model, models, overview, type RecommendedItem, profile, type Profile, recommendations } from "../api/queries";
import { customerAddress, CustomerName } from "../components/CustomerName";
import { CustomerPicker } from "../components/CustomerPicker";
import { GlossaryLink } from "../components/GlossaryTerm";
import { ItemDrawer } from "../components/ItemDrawer";
import type { ItemAction } from "../components/ItemRow";
import { ModelName, ModelPicker } from "../components/ModelName";
import { Page } from "../components/Page";
import { EmptyState, Panel, PanelBoundary, PanelFrame, type QueryResult, QueryState } from "../components/Panel";
import { type LastAction, RecommendationList } from "../components/RecommendationList";
import { RenderWhenIdle } from "../components/RenderWhenIdle";
import { Sandbox } from "../components/Sandbox";
import { ShareBars } from "../components/ShareBars";
import { categoryText } from "../lib/categories";
import { type CountedEvents, countedEvents } from "../lib/countedEvents";
import { displayName, summary } from "../lib/customerNames";
import { pastTense } from "../lib/eventKinds";
import { usePrice } from "../lib/currency";
import { asSentence, asWords, count, date, dateTime, NONE } from "../lib/format";
import { segmentName } from "../lib/glossary";
import { lazyComponent } from "../lib/lazy";
import { toHistory, triedFor, useSandbox } from "../lib/sandbox";
import { boundedNumber, useParam } from "../lib/url";

const ActivityChart = lazyComponent(() => import("../charts/ActivityChart"));

/** A customer's profile, history and recommendations, or a choice of customers. */
export default function CustomerPage() {
  const { customer = "" } = useParams();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { left, right, n } = useListSettings();
  const { data: about } = useQuery({ ...profile(customer), enabled: customer !== "" });
  const open = (id: string): void => {
    if (id) {
      void queries.prefetchQuery(profile(id)); // while the page is still being rendered
      for (const key of [left, right]) if (key) void queries.prefetchQuery(recommendations(id, toHistory(triedFor(id)), key, n));
    }
    void navigate(id ? { pathname: customerAddress(id), search: location.search.replace(/([?&])open=[^&]*/, "$1") } : "/customers");
  };
  return (
    <Page title={customer ? <Heading customer={customer} /> : "Customers"} tabTitle={about ? displayName(about) : customer || "Customers"}>
      <CustomerPicker key={customer} label="Find a customer" chosen={customer} onPick={open} />
      {customer ? <CustomerDetails key={`details-${customer}`} customer={customer} /> : <BrowseCustomers />}
    </Page>
  );
}

function Heading({ customer }: { customer: string }) {
  const { data } = useQuery(profile(customer));
  const name = data ? displayName(data) : customer;
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

function BrowseCustomers() {
  const query = useQuery(customers("", 24));
  return (
    <Panel title="Browse" about="Choose a customer, or search above." query={query} empty={(found) => (found.length ? null : <EmptyState>There are no customers yet.</EmptyState>)}>
      {(found) => (
        <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="xs">
          {found.map((customer) => (
            <Anchor key={customer.id} component={Link} to={customerAddress(customer.id)} className="tile">
              <Text fw={600}>{displayName(customer)}</Text>
              <Text size="sm" c="dimmed">
                {summary(customer)}
              </Text>
            </Anchor>
          ))}
        </SimpleGrid>
      )}
    </Panel>
  );
}

function CustomerDetails({ customer }: { customer: string }) {
  const query = useQuery(profile(customer));
  if (query.error instanceof ApiError && [404, 410].includes(query.error.status))
    return (
      <Alert color="yellow" title={query.error.status === 410 ? "Erased at their request" : "No customer with this ID"}>
        {asSentence(query.error.message.replace(/;.*/, ""))} Search for another customer above.
      </Alert>
    );
  return (
    <>
      <ProfilePanel query={query} />
      <RecommendationLists customer={customer} />
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <Panel
              title="Category preferences"
              about="Share of the customer’s interactions by category; stronger signs of interest weigh more"
              query={query}
              empty={(p) => (p.categories.length ? null : <EmptyState>No interactions yet.</EmptyState>)}
            >
              {(p) => <ShareBars rows={p.categories.map((one) => ({ name: categoryText(one.category), share: one.share }))} />}
            </Panel>
            <Panel title="Similar customers" about="Customers with the most similar history" query={query} empty={(p) => (p.nearest.length ? null : <EmptyState>No customer has a similar history yet.</EmptyState>)}>
              {(p) => (
                <Group gap="xs">
                  {p.nearest.map((other) => (
                    <Button key={other.id} component={Link} to={customerAddress(other.id)} variant="default" size="xs">
                      <CustomerName id={other.id} name={other.name} />
                    </Button>
                  ))}
                </Group>
              )}
            </Panel>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <Panel title="Activity" about="Events by month" query={query} height={220} empty={(p) => (p.activity.length ? null : <EmptyState>No events yet.</EmptyState>)}>
              {(p) => (
                <PanelBoundary height={220}>
                  <RenderWhenIdle height={220}>
                    <ActivityChart months={p.activity} />
                  </RenderWhenIdle>
                </PanelBoundary>
              )}
            </Panel>
            <History query={query} />
          </Stack>
        </Grid.Col>
      </Grid>
    </>
  );
}

const servedOr = (served: Model[] | undefined, key: string, fallback: string): string => (served?.some((model) => model.key === key) ? key : fallback);

/** Which two models are compared (the default and the best of the others unless the address says otherwise), and how many items each lists. */
function useListSettings() {
  const { data: served, isPending: loading } = useQuery(models);
  const first = served?.[0]?.key ?? "";
  const [wantedLeft, setLeft] = useParam("left", first);
  const left = servedOr(served, wantedLeft, first);
  const second = served?.find((model) => model.key !== left)?.key ?? "";
  const [wantedRight, setRight] = useParam("right", second);
  const right = servedOr(served, wantedRight, second);
  const [size, setSize] = useParam("n", "6");
  return { left, setLeft, right, setRight, n: boundedNumber(size, 1, 30, 6), setSize, loading };
}

function RecommendationLists({ customer }: { customer: string }) {
  const { left, setLeft, right, setRight, n, setSize, loading } = useListSettings();
  const [opened, setOpened] = useParam("open", "", "step");
  const [lastAction, setLastAction] = useState<LastAction | null>(null);
  const queries = useQueryClient();
  const sandbox = useSandbox(customer);
  const tried = useMemo(() => toHistory(sandbox.events), [sandbox.events]);
  const { data: shop } = useQuery(overview);
  const shown = [left, right].filter((key, at, all) => key && all.indexOf(key) === at);

  const pending = useRef(new Set<string>()); // ids of items being acted on, so that a double click is one action
  const act = async (item: RecommendedItem, event: Parameters<ItemAction>[1], rating: number | undefined, model: string): Promise<void> => {
    if (pending.current.has(item.item)) return;
    pending.current.add(item.item);
    const before = Object.fromEntries(shown.map((key) => [key, queries.getQueryData(recommendations(customer, tried, key, n).queryKey)?.items ?? []]));
    const added = sandbox.add({ item: item.item, title: item.title, event, ...(rating != null && { rating }) });
    try {
      const history = toHistory(triedFor(customer));
      await Promise.all(shown.map((key) => queries.fetchQuery(recommendations(customer, history, key, n))));
      setLastAction({ item: item.item, title: item.title, event, model, before, ...(rating != null && { rating }) });
    } catch (error) {
      sandbox.remove(added.id);
      notifications.show({ color: "red", title: "Not tried", message: `${asSentence((error as Error).message)} Nothing was changed; try again.` });
    } finally {
      pending.current.delete(item.item);
    }
  };
  const change = (alter: () => void) => () => {
    setLastAction(null); // its comparison would be with a list of another sandbox
    alter();
  };

  return (
    <PanelFrame
      title="Recommendations by model"
      about="Act on an item to try what would follow: both lists update at once and say what would change and why. Nothing is stored or counted unless you record it as the customer’s own feedback. The order predicts what the customer chooses next, not how they would rate it. In brackets: how much of an item’s score depends on that reason."
    >
      <Group align="flex-end" gap="sm">
        <ModelPicker label="Left" value={left} onChange={setLeft} />
        {right && <ModelPicker label="Right" value={right} onChange={setRight} />}
        <NumberInput label="Items per list" value={n} min={1} max={30} w={110} allowDecimal={false} allowNegative={false} onChange={(value) => value !== "" && setSize(String(boundedNumber(String(value), 1, 30, 6)))} />
      </Group>
      <Sandbox customer={customer} events={sandbox.events} maximum={shop?.scale?.[1]} onRemove={(id) => change(() => sandbox.remove(id))()} onClear={change(sandbox.clear)} />
      {loading && <Skeleton height={480} role="status" aria-label="Loading" />}
      <SimpleGrid cols={{ base: 1, md: shown.length || 2 }} spacing="md">
        {shown.map((key) => (
          <RecommendationList
            key={key}
            customer={customer}
            tried={tried}
            model={key}
            n={n}
            lastAction={lastAction}
            onAction={(item, event, rating) => void act(item, event, rating, key)}
            onOpen={(item) => {
              setOpened(item.item);
              void act(item, "click", undefined, key);
            }}
          />
        ))}
      </SimpleGrid>
      <ItemDrawer id={opened} customer={customer} onClose={() => setOpened("")} />
    </PanelFrame>
  );
}

function ProfilePanel({ query }: { query: QueryResult<Profile> }) {
  const { data: shop } = useQuery(overview);
  return (
    <PanelFrame title="Profile">
      <QueryState query={query}>
        {(p) => (
          <>
            <Group gap="xs">
              {p.segment?.label && (
                <Badge size="lg" tt="none">
                  {segmentName(p.segment.label)}
                </Badge>
              )}
              {Object.entries(p.attributes ?? {})
                .filter(([name]) => name !== "name")
                .map(([name, value]) => (
                  <Badge key={name} size="lg" variant="default" tt="none" fw={400}>
                    {asWords(name)}: {String(value)}
                  </Badge>
                ))}
            </Group>
            <KeyFacts customer={p} counted={countedEvents(p, shop)} />
            {p.segment?.label && (
              <Text size="sm" mt="xs">
                <GlossaryLink id={p.segment.label}>What does “{segmentName(p.segment.label)}” mean?</GlossaryLink>
              </Text>
            )}
            {p.experiment && (
              <Text size="sm" mt="xs">
                In the experiment <b>{p.experiment.name}</b>, this customer is in the variant <ModelName model={p.experiment.arm} />: requests that name no model are answered by it.
              </Text>
            )}
            {(p.merged ?? []).length > 0 && <Text size="sm">Merged from {p.merged?.join(", ")}.</Text>}
          </>
        )}
      </QueryState>
    </PanelFrame>
  );
}

function KeyFacts({ customer, counted }: { customer: Profile; counted: CountedEvents }) {
  const price = usePrice();
  const sells = counted.kinds.includes("purchase") && counted.kinds.length === 1;
  return (
    <SimpleGrid cols={{ base: 2, xs: sells ? 4 : 3 }} spacing="xs" component="dl" m={0} mt="sm">
      <Fact name="Events" value={count(customer.n_events)} />
      <Fact name={counted.noun} value={count(customer.segment?.frequency)} />
      {sells && <Fact name="Spent" value={price(customer.segment?.monetary)} />}
      <Fact name={counted.last} value={newest(customer, counted.kinds)} />
    </SimpleGrid>
  );
}

function newest(customer: Profile, kinds: string[]): string {
  const last = customer.history.find((event) => kinds.includes(event.event))?.timestamp;
  if (last) return date(last);
  return customer.segment?.recency_days == null ? NONE : `${count(Math.round(customer.segment.recency_days))} days before the newest event`;
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

const SHORT_HISTORY = 8; // events shown before the rest is asked for

function History({ query }: { query: QueryResult<Profile> }) {
  const [expanded, setExpanded] = useState(false);
  return (
    <Panel title="History" about="Newest first" query={query} empty={(p) => (p.history.length ? null : <EmptyState>No events yet.</EmptyState>)}>
      {(p) => (
        <>
          <Table verticalSpacing={4} fz="sm">
            <Table.Thead className="sr-only">
              <Table.Tr>
                <Table.Th>Event</Table.Th>
                <Table.Th>Product</Table.Th>
                <Table.Th>Date</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {p.history.slice(0, expanded ? undefined : SHORT_HISTORY).map((event, at) => (
                <Table.Tr key={`${event.item}-${event.event}-${event.timestamp}-${at}`}>
                  <Table.Td c="dimmed" style={{ whiteSpace: "nowrap" }}>
                    {pastTense(event.event)}
                    {event.rating != null && ` ${event.rating}`}
                  </Table.Td>
                  <Table.Td>
                    <Anchor component={Link} to={`/products/${encodeURIComponent(event.item)}`} size="sm">
                      {event.title ?? event.item}
                    </Anchor>
                  </Table.Td>
                  <Table.Td c="dimmed" ta="right" title={event.timestamp ? dateTime(event.timestamp) : undefined} style={{ whiteSpace: "nowrap" }}>
                    {event.timestamp ? date(event.timestamp) : ""}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {p.history.length > SHORT_HISTORY && (
            <Button variant="subtle" size="xs" onClick={() => setExpanded(!expanded)}>
              {expanded ? "Show fewer" : `Show ${p.n_events > p.history.length ? "the newest" : "all"} ${p.history.length}`}
            </Button>
          )}
        </>
      )}
    </Panel>
  );
}
