import { Anchor, Drawer, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { item, similar } from "../api/queries";
import { ItemFacts } from "./ItemFacts";
import { ItemList } from "./ItemList";
import { Nothing, Panel, State } from "./Panel";

/** A product beside the list that it was opened from. */
export function ItemDrawer({ id, customer, onClose }: { id: string; customer: string; onClose: () => void }) {
  const query = useQuery({ ...item(id), enabled: id !== "" });
  const alike = useQuery({ ...similar(id, "behaviour", 4), enabled: id !== "" });
  return (
    <Drawer opened={id !== ""} onClose={onClose} position="right" title={query.data?.title ?? id} closeButtonProps={{ "aria-label": "Close" }}>
      <Stack>
        <Text size="sm" c="dimmed">
          Opened as {customer}: it counts as a click.
        </Text>
        <State query={query}>{(one) => <ItemFacts item={one} />}</State>
        <Panel title="Often together with" order={3} query={alike} empty={(found) => (found.length ? null : <Nothing>Nobody has turned to it yet.</Nothing>)}>
          {(found) => <ItemList picks={found} />}
        </Panel>
        <Anchor component={Link} to={`/products/${encodeURIComponent(id)}`}>
          All about this product
        </Anchor>
      </Stack>
    </Drawer>
  );
}
