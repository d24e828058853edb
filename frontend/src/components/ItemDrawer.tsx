import { Anchor, Drawer, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { item, profile, similar } from "../api/queries";
import { called } from "../lib/people";
import { ItemFacts } from "./ItemFacts";
import { ItemList } from "./ItemList";
import { Nothing, Panel, State } from "./Panel";

/** A product beside the list that it was opened from. */
export function ItemDrawer({ id, customer, onClose }: { id: string; customer: string; onClose: () => void }) {
  const query = useQuery({ ...item(id), enabled: id !== "" });
  const { data: one } = useQuery({ ...profile(customer), enabled: id !== "" });
  const alike = useQuery({ ...similar(id, "behaviour", 4), enabled: id !== "" });
  return (
    <Drawer opened={id !== ""} onClose={onClose} position="right" title={query.data?.title ?? id} closeButtonProps={{ "aria-label": "Close" }}>
      <Stack>
        <Text size="sm" c="dimmed">
          Opened as {one ? called(one) : customer}: it counts as a click.
        </Text>
        <State query={query}>{(product) => <ItemFacts item={product} />}</State>
        <Panel title="Often together with" order={3} query={alike} empty={(found) => (found.length ? null : <Nothing>Nobody has done anything with it yet.</Nothing>)}>
          {(found) => <ItemList picks={found} />}
        </Panel>
        <Anchor component={Link} to={`/products/${encodeURIComponent(id)}`}>
          All about this product
        </Anchor>
      </Stack>
    </Drawer>
  );
}
