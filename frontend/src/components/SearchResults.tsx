import { Text } from "@mantine/core";
import type { RecommendedItem } from "../api/queries";
import { ItemList } from "./ItemList";

const MAX_SHOWN = 5; // close matches that are shown at once

/** The results of a search: the first close matches, with the others folded below them. */
export function SearchResults({ items }: { items: RecommendedItem[] }) {
  const close = items.filter((item) => item.close);
  const shown = close.slice(0, MAX_SHOWN);
  const others = items.filter((item) => !shown.includes(item));
  return (
    <>
      {shown.length ? <ItemList items={shown} /> : <Text role="status">No product matches this well. Try other words.</Text>}
      {others.length > 0 && (
        <details className="fold">
          <summary>{foldLabel(close.length, others.length)}</summary>
          <ItemList items={others} />
        </details>
      )}
    </>
  );
}

function foldLabel(close: number, others: number): string {
  if (!close) return "Show the nearest anyway";
  return close > MAX_SHOWN ? `${others} more` : `${others} more with a weaker match`;
}
