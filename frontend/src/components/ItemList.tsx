import type { Pick } from "../api/queries";
import { ItemRow } from "./ItemRow";

/** Items in their order, each a link to its product. */
export function ItemList({ picks, why = false }: { picks: Pick[]; why?: boolean }) {
  return (
    <ol className="rows">
      {picks.map((pick) => (
        <ItemRow key={pick.item} pick={pick} why={why} />
      ))}
    </ol>
  );
}
