import { Text } from "@mantine/core";
import type { Pick } from "../api/queries";
import { ItemList } from "./ItemList";

/** What a search found: what is close, and folded below it what is merely the nearest. */
export function Found({ picks }: { picks: Pick[] }) {
  const close = picks.filter((pick) => pick.close);
  const far = picks.filter((pick) => !pick.close);
  return (
    <>
      {close.length ? <ItemList picks={close} /> : <Text role="status">Nothing is close to this. Try other words.</Text>}
      {far.length > 0 && (
        <details className="fold">
          <summary>{close.length ? `${far.length} more, which are not close to it` : "The nearest anyway"}</summary>
          <ItemList picks={far} />
        </details>
      )}
    </>
  );
}
