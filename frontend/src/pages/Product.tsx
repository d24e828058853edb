import { Alert, Anchor, Button, Grid, Group, SimpleGrid, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useParams } from "react-router";
import { Failure } from "../api/client";
import { customersOf, item, items, similar } from "../api/queries";
import { CustomerLink } from "../components/CustomerName";
import { ItemFacts } from "../components/ItemFacts";
import { ItemList } from "../components/ItemList";
import { Page } from "../components/Page";
import { Framed, Nothing, Panel, State } from "../components/Panel";
import { compact, count, date, price } from "../lib/format";
import { DID } from "../lib/palette";
import { useParam } from "../lib/url";

/** A product: what it is, what is like it, and what customers did with it. */
export default function ProductPage() {
  const { item: id = "" } = useParams();
  return id ? <One key={id} id={id} /> : <Catalogue />;
}

function One({ id }: { id: string }) {
  const query = useQuery(item(id));
  if (query.error instanceof Failure && query.error.status === 404)
    return (
      <Page title="Product">
        <Alert color="yellow" title="No product has this id">
          {id} is not in the catalogue. <Link to="/products">Look among all products</Link>.
        </Alert>
      </Page>
    );
  return (
    <Page title={query.data?.title || `Product ${id}`}>
      <Framed title="About it">
        <State query={query}>{(one) => <ItemFacts item={one} />}</State>
      </Framed>
      <Grid gap="md">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Alike id={id} by="behaviour" title="Alike by behaviour" about="What the default model would show to somebody of whom only this is known" />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Alike id={id} by="text" title="Alike by text" about="What is described most like it, whoever buys it" />
        </Grid.Col>
      </Grid>
      <Buyers id={id} />
    </Page>
  );
}

function Alike({ id, by, title, about }: { id: string; by: "behaviour" | "text"; title: string; about: string }) {
  const query = useQuery(similar(id, by));
  return (
    <Panel title={title} about={about} query={query} height={320} empty={(found) => (found.length ? null : <Nothing>{by === "text" ? "Nothing is written about it." : "Nobody has done anything with it yet."}</Nothing>)}>
      {(found) => <ItemList picks={found} />}
    </Panel>
  );
}

function Buyers({ id }: { id: string }) {
  const query = useQuery(customersOf(id));
  return (
    <Panel title="What customers did with it" query={query} empty={(told) => (told.newest.length ? null : <Nothing>Nobody yet.</Nothing>)}>
      {(told) => (
        <>
          <Text size="sm">
            Of {count(told.customers)} customers:{" "}
            {Object.entries(told.events)
              .map(([kind, n]) => `${(DID[kind] ?? kind).replace("was ", "")} ${n === 1 ? "once" : `${compact(n)} times`}`)
              .join(", ")}
            .
          </Text>
          <Table verticalSpacing={4} fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Customer</Table.Th>
                <Table.Th>What they did</Table.Th>
                <Table.Th ta="right">When</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {told.newest.map((deed, at) => (
                <Table.Tr key={`${deed.id}-${deed.event}-${deed.timestamp}-${at}`}>
                  <Table.Td>
                    <CustomerLink id={deed.id} name={deed.name} />
                  </Table.Td>
                  <Table.Td>
                    {DID[deed.event] ?? deed.event}
                    {deed.rating != null && ` ${deed.rating}`}
                  </Table.Td>
                  <Table.Td ta="right" c="dimmed">
                    {deed.timestamp ? date(deed.timestamp) : ""}
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
  const [wanted, setWanted] = useParam("q");
  const [settled] = useDebouncedValue(wanted, 200);
  const query = useInfiniteQuery(items(settled, ""));
  return (
    <Page title="Products" about="Every product there is. To look for what is meant instead of what is written, use the search.">
      <TextInput label="Words of a title, category or brand, or an id" value={wanted} maxLength={500} leftSection={<IconSearch size={16} aria-hidden />} onChange={(event) => setWanted(event.currentTarget.value)} />
      <Panel title="The catalogue" query={query} empty={(data) => (data.pages[0]?.items.length ? null : <Nothing>No product has these words in its title, category or brand; the search finds what is meant by them.</Nothing>)}>
        {(data) => (
          <>
            <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="xs">
              {data.pages
                .flatMap((page) => page.items)
                .map((one) => (
                  <Anchor key={one.id} component={Link} to={`/products/${encodeURIComponent(one.id)}`} className="tile">
                    <Text size="sm" fw={500}>
                      {one.title || one.id}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {[one.category, one.price != null ? price(one.price) : null].filter(Boolean).join(" · ")}
                    </Text>
                  </Anchor>
                ))}
            </SimpleGrid>
            {query.hasNextPage && (
              <Group justify="center" mt="sm">
                <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                  More
                </Button>
              </Group>
            )}
          </>
        )}
      </Panel>
    </Page>
  );
}
