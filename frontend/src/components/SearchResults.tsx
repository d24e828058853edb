import { Text } from "@mantine/core";
import type { RecommendedItem } from "../api/queries";
import { ItemList } from "./ItemList";

/** The results of a search: close matches, with the distant ones folded below them. */
export function SearchResults({ items }: { items: RecommendedItem[] }) {
  const close = items.filter((item) => item.close);
  const distant = items.filter((item) => !item.close);
  return (
    <>
      {close.length ? <ItemList items={close} /> : <Text role="status">No product matches this well. Try other words.</Text>}
      {distant.length > 0 && (
        <details className="fold">
          <summary>{close.length ? `${distant.length} more with a weaker match` : "Show the nearest anyway"}</summary>
          <ItemList items={distant} />
        </details>
      )}
    </>
  );
}
