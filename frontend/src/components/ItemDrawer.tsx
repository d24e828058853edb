import { Anchor, Drawer, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { item, profile } from "../api/queries";
import { displayName } from "../lib/customerNames";
import { ItemFacts } from "./ItemFacts";
import { QueryState } from "./Panel";
import { RecommendedWithItem } from "./RecommendedWithItem";

/** A product's details in a drawer beside the list that it was opened from. */
export function ItemDrawer({ id, customer, onClose }: { id: string; customer: string; onClose: () => void }) {
  const query = useQuery({ ...item(id), enabled: id !== "" });
  const { data: viewer } = useQuery({ ...profile(customer), enabled: id !== "" });
  return (
    <Drawer opened={id !== ""} onClose={onClose} position="right" title={query.data?.title ?? id} closeButtonProps={{ "aria-label": "Close" }}>
      <Stack>
        <Text size="sm" c="dimmed">
          Opened as {viewer ? displayName(viewer) : customer}; in the sandbox, this counts as a click.
        </Text>
        <QueryState query={query}>{(product) => <ItemFacts item={product} />}</QueryState>
        <RecommendedWithItem id={id} n={4} order={3} />
        <Anchor component={Link} to={`/products/${encodeURIComponent(id)}`}>
          Open the product page
        </Anchor>
      </Stack>
    </Drawer>
  );
}
