import { useQuery } from "@tanstack/react-query";
import { models, similar } from "../api/queries";
import { ItemList } from "./ItemList";
import { ModelName } from "./ModelName";
import { EmptyState, Panel } from "./Panel";

/** What the default model recommends to a customer whose only interaction is this product. */
export function RecommendedWithItem({ id, n, order = 2 }: { id: string; n: number; order?: 2 | 3 }) {
  const query = useQuery({ ...similar(id, "behaviour", n), enabled: id !== "" });
  const { data: served } = useQuery(models);
  const model = served?.find((one) => one.default);
  return (
    <Panel
      title="Recommended with this product"
      order={order}
      about={
        <>
          What {model ? <ModelName model={model.key} label={model.label} /> : "the default model"} recommends to a customer who has only interacted with this product
        </>
      }
      query={query}
      height={320}
      empty={(found) => (found.length ? null : <EmptyState>No recommendations: nobody has interacted with this product yet.</EmptyState>)}
    >
      {(found) => <ItemList items={found} />}
    </Panel>
  );
}
