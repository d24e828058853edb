import type { RecommendedItem } from "../api/queries";
import { ItemRow } from "./ItemRow";

/** A ranked list of items, each a link to its product page. */
export function ItemList({ items, showReasons = false }: { items: RecommendedItem[]; showReasons?: boolean }) {
  return (
    <ol className="rows">
      {items.map((item) => (
        <ItemRow key={item.item} item={item} showReasons={showReasons} />
      ))}
    </ol>
  );
}
