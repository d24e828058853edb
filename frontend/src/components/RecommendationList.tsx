import { Alert, List, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { type ContextEvent, overview, type RecommendedItem, recommendations } from "../api/queries";
import { describeAction } from "../lib/eventKinds";
import { listChanges, type Move, moveBadge } from "../lib/listChanges";
import { type ItemAction, ItemRow } from "./ItemRow";
import { ModelName } from "./ModelName";
import { EmptyState, Panel } from "./Panel";

export type LastAction = {
  item: string;
  title: string;
  event: string;
  rating?: number;
  model: string; // whose list the button was in
  before: Record<string, RecommendedItem[]>; // each model's list before the action
};

type Props = {
  customer: string;
  tried: ContextEvent[]; // on the customer's behalf, on top of what they did
  model: string;
  n: number;
  lastAction: LastAction | null;
  onAction: (item: RecommendedItem, event: Parameters<ItemAction>[1], rating: number | undefined) => void;
  onOpen: (item: RecommendedItem) => void;
};

/** One model's recommendations for a customer, with reasons and what the last action changed. Nothing of it is stored. */
export function RecommendationList({ customer, tried, model, n, lastAction, onAction, onOpen }: Props) {
  const query = useQuery(recommendations(customer, tried, model, n));
  const { data: shop } = useQuery(overview);
  const answer = query.data;
  const before = query.isPlaceholderData ? undefined : lastAction?.before[model];
  const moves = useMemo(() => (before && answer ? listChanges(before, answer.items, lastAction?.item ?? "") : []), [before, lastAction, answer]);
  const moveOf = new Map(moves.map((move) => [move.item, move]));
  return (
    <Panel
      title={<ModelName model={model} strong />}
      order={3}
      query={query}
      height={480}
      about={answer && basis(answer.n_history, answer.cold_start ?? false, tried.length > 0)}
      empty={(data) => (data.items.length ? null : <EmptyState>Nothing left to recommend: this customer has already interacted with every product.</EmptyState>)}
    >
      {(data) => (
        <>
          {before && lastAction && <ChangeSummary action={lastAction} moves={moves} actedHere={lastAction.model === model} maximum={shop?.scale?.[1]} />}
          <ol className="rows" aria-label={`Recommendations of ${model}`}>
            {data.items.map((item) => (
              <ItemRow
                key={item.item}
                item={item}
                badge={moveBadge(moveOf.get(item.item))}
                scale={shop?.scale ?? null}
                onAction={onAction}
                onOpen={onOpen}
              />
            ))}
          </ol>
        </>
      )}
    </Panel>
  );
}

function basis(interactions: number, coldStart: boolean, sandbox: boolean): string {
  const from = `Based on ${interactions} ${interactions === 1 ? "product" : "products"} in the customer’s history${sandbox ? " and the sandbox" : ""}`;
  return coldStart ? `${from}: too few, so these are the most popular ones.` : `${from}.`;
}

/** What an action changed in a list; the list that it was done in scrolls this into view. */
function ChangeSummary({ action, moves, actedHere, maximum = 0 }: { action: LastAction; moves: Move[]; actedHere: boolean; maximum?: number | undefined }) {
  const alert = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!actedHere) return;
    if (document.activeElement === document.body) alert.current?.focus({ preventScroll: true }); // the pressed button has gone with its item
    alert.current?.scrollIntoView?.({ block: "nearest" }); // on a narrow screen it is far above the button
  }, [action, actedHere]);
  const others = moves.filter((move) => move.item !== action.item).slice(0, 3);
  const removed = moves.some((move) => move.item === action.item && move.kind === "removed");
  const [before, title, after] = describeAction(action.event, action.title, action.rating, maximum);
  return (
    <Alert ref={alert} tabIndex={-1} color="green" variant="light" role="status" aria-live="polite" p="xs" className="changed">
      <Text size="sm">
        If the customer {before} <b>{title}</b>
        {after && ` ${after}`}
        {removed ? ", it would no longer be recommended." : moves.length ? ", the list would change." : ", the list would stay as it is."}
        {action.rating != null && action.rating <= maximum / 2 && " A low rating lowers predicted ratings; the ranking follows what the customer chose, and rating a product means having chosen it."}
      </Text>
      {others.length > 0 && (
        <List size="sm" spacing={0}>
          {others.map((move) => (
            <List.Item key={move.item}>
              {move.title} {MOVES[move.kind](move.by)}
              {move.because && " because of it"}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

const MOVES: Record<Move["kind"], (by: number) => string> = {
  removed: () => "left the list",
  new: () => "is new in the list",
  up: (by) => `rose by ${by}`,
  down: (by) => `fell by ${by}`,
};
