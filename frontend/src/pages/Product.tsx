import { Alert, Anchor, Button, Grid, Group, SimpleGrid, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { ApiError } from "../api/client";
import { customersOf, item, items, similar } from "../api/queries";
import { CustomerLink } from "../components/CustomerName";
import { ItemFacts } from "../components/ItemFacts";
import { ItemList } from "../components/ItemList";
import { Page } from "../components/Page";
import { EmptyState, Panel, PanelFrame, QueryState } from "../components/Panel";
import { ProductPicture } from "../components/ProductPicture";
import { RecommendedWithItem } from "../components/RecommendedWithItem";
import { categoryText } from "../lib/categories";
import { nounFor, pastTense } from "../lib/eventKinds";
import { usePrice } from "../lib/currency";
import { compact, count, date } from "../lib/format";
import { useParam } from "../lib/url";

/** A product with related products and customer activity, or the whole catalogue. */
export default function ProductPage() {
  const { item: id = "" } = useParams();
  return id ? <ProductDetails key={id} id={id} /> : <Catalogue />;
}

function ProductDetails({ id }: { id: string }) {
  const query = useQuery(item(id));
  if (query.error instanceof ApiError && query.error.status === 404)
    return (
      <Page title="Product">
        <Alert color="yellow" title="No product with this ID">
          {id} is not in the catalogue. <Link to="/products">Browse the catalogue</Link>.
        </Alert>
      </Page>
    );
  return (
    <Page title={query.data?.title || `Product ${id}`}>
      <PanelFrame title="Details">
        <QueryState query={query}>{(product) => <ItemFacts item={product} />}</QueryState>
      </PanelFrame>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <RecommendedWithItem id={id} n={8} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <SimilarDescriptions id={id} />
        </Grid.Col>
      </Grid>
      <CustomerActivity id={id} />
    </Page>
  );
}

function SimilarDescriptions({ id }: { id: string }) {
  const query = useQuery(similar(id, "text"));
  return (
    <Panel
      title="Similar descriptions"
      about="Products whose text is most similar, whoever chooses them"
      query={query}
      height={320}
      empty={(found) => (found.length ? null : <EmptyState>This product has no description.</EmptyState>)}
    >
      {(found) => <ItemList items={found} />}
    </Panel>
  );
}

function CustomerActivity({ id }: { id: string }) {
  const query = useQuery(customersOf(id));
  return (
    <Panel title="Customer activity" query={query} empty={(activity) => (activity.newest.length ? null : <EmptyState>No customer has interacted with this product yet.</EmptyState>)}>
      {(activity) => (
        <>
          <Text size="sm">
            {count(activity.customers)} {activity.customers === 1 ? "customer" : "customers"}:{" "}
            {Object.entries(activity.events)
              .map(([kind, n]) => `${compact(n)} ${nounFor(kind, n)}`)
              .join(", ")}
            .
          </Text>
          <Table verticalSpacing={4} fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Customer</Table.Th>
                <Table.Th>Event</Table.Th>
                <Table.Th ta="right">Date</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {activity.newest.map((event, at) => (
                <Table.Tr key={`${event.id}-${event.event}-${event.timestamp}-${at}`}>
                  <Table.Td>
                    <CustomerLink id={event.id} name={event.name} />
                  </Table.Td>
                  <Table.Td>
                    {pastTense(event.event)}
                    {event.rating != null && ` ${event.rating}`}
                  </Table.Td>
                  <Table.Td ta="right" c="dimmed">
                    {event.timestamp ? date(event.timestamp) : ""}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </>
      )}
    </Panel>
  );
}

function Catalogue() {
  const price = usePrice();
  const [term, setTerm] = useParam("q");
  const [settledTerm] = useDebouncedValue(term, 200);
  const query = useInfiniteQuery(items(settledTerm, ""));
  return (
    <Page title="Products" about="All products. To find products by meaning rather than by exact words, use Search.">
      <TextInput label="Title, category, brand or ID" value={term} maxLength={500} leftSection={<IconSearch size={16} aria-hidden />} onChange={(event) => setTerm(event.currentTarget.value)} />
      <Panel
        title="Catalogue"
        query={query}
        empty={(data) => (data.pages[0]?.items.length ? null : <EmptyState>No product has these words in its title, category or brand. Search finds products by meaning.</EmptyState>)}
      >
        {(data) => (
          <>
            <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="xs">
              {data.pages
                .flatMap((page) => page.items)
                .map((product) => (
                  <Anchor key={product.id} component={Link} to={`/products/${encodeURIComponent(product.id)}`} className="tile">
                    <Group gap="xs" wrap="nowrap" align="flex-start">
                      <ProductPicture category={product.category} size={32} />
                      <div>
                        <Text size="sm" fw={500}>
                          {product.title || product.id}
                        </Text>
                        <Text size="xs" c="dimmed">
                          {[product.category && categoryText(product.category), product.price != null && price(product.price)].filter(Boolean).join(" · ")}
                        </Text>
                      </div>
                    </Group>
                  </Anchor>
                ))}
            </SimpleGrid>
            {query.hasNextPage && (
              <Group justify="center" mt="sm">
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  Load more
                </Button>
              </Group>
            )}
          </>
        )}
      </Panel>
    </Page>
  );
}
