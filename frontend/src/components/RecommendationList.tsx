import { Alert, List, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { sendImpressions } from "../api/feedback";
import { overview, type Pick, recommendations } from "../api/queries";
import { badge, changes, type Move } from "../lib/changes";
import { didWith } from "../lib/palette";
import { type Act, ItemRow } from "./ItemRow";
import { ModelName } from "./ModelName";
import { Nothing, Panel } from "./Panel";

export type LastAct = {
  item: string;
  title: string;
  event: string;
  rating?: number;
  model: string; // in whose list the button was
  before: Record<string, Pick[]>; // each model's list as it was
};

type Props = {
  customer: string;
  model: string;
  n: number;
  last: LastAct | null;
  onAct: (pick: Pick, event: Parameters<Act>[1], rating: number | undefined, recommendation: string) => void;
  onOpen: (pick: Pick, recommendation: string) => void;
};

/** What one model shows to a customer, with its reasons, and what changed since the last deed. */
export function RecommendationList({ customer, model, n, last, onAct, onOpen }: Props) {
  const query = useQuery(recommendations(customer, model, n));
  const { data: about } = useQuery(overview);
  const given = query.data;
  const id = given?.recommendation_id;
  useEffect(() => {
    if (given?.customer && id) void sendImpressions(given.customer, id, given.items.map((pick) => pick.item));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each answer
  }, [id]);
  const moves = useMemo(() => (last?.before[model] && given ? changes(last.before[model], given.items, last.item) : []), [last, given, model]);
  const moved = new Map(moves.map((move) => [move.item, move]));
  return (
    <Panel
      title={<ModelName model={model} strong />}
      order={3}
      query={query}
      height={480}
      about={given && `From ${given.n_history} things known of the customer${given.cold_start ? ": too little, so this is what is popular" : ""}.`}
      empty={(data) => (data.items.length ? null : <Nothing>Nothing is left to recommend: this customer has had everything.</Nothing>)}
    >
      {(data) => (
        <>
          {last?.before[model] && <Changed last={last} moves={moves} here={last.model === model} most={about?.scale?.[1]} />}
          <ol className="rows" aria-label={`Recommendations of ${model}`}>
            {data.items.map((pick) => (
              <ItemRow
                key={pick.item}
                pick={pick}
                note={badge(moved.get(pick.item))}
                scale={about?.scale ?? null}
                onAct={(one, event, rating) => onAct(one, event, rating, data.recommendation_id)}
                onOpen={(one) => onOpen(one, data.recommendation_id)}
              />
            ))}
          </ol>
        </>
      )}
    </Panel>
  );
}

/** What a deed has changed in a list; the list that it was done in brings it into view. */
function Changed({ last, moves, here, most = 0 }: { last: LastAct; moves: Move[]; here: boolean; most?: number | undefined }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!here) return;
    if (document.activeElement === document.body) place.current?.focus({ preventScroll: true }); // the button that was pressed has gone with its item
    place.current?.scrollIntoView?.({ block: "nearest" }); // on a narrow screen it is far above the button
  }, [last, here]);
  const told = moves.filter((move) => move.item !== last.item).slice(0, 3);
  const left = moves.some((move) => move.item === last.item && move.kind === "gone");
  const [did, what, how] = didWith(last.event, last.title, last.rating, most);
  return (
    <Alert ref={place} tabIndex={-1} color="green" variant="light" role="status" aria-live="polite" p="xs" className="changed">
      <Text size="sm">
        The customer {did} <b>{what}</b>
        {how && ` ${how}`}
        {left ? ", so it is no longer suggested." : "."} {!moves.length && "The list stays as it was."}
        {last.rating != null && last.rating <= most / 2 && " Few stars lower the ratings that are predicted; what is suggested next follows from what was chosen, and whoever rates a thing has chosen it."}
      </Text>
      {told.length > 0 && (
        <List size="sm" spacing={0}>
          {told.map((move) => (
            <List.Item key={move.item}>
              {move.title} {SAID[move.kind](move.by)}
              {move.because && ", because of it"}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

const SAID: Record<Move["kind"], (by: number) => string> = {
  gone: () => "left the list",
  new: () => "is new in the list",
  up: (by) => `rose by ${by}`,
  down: (by) => `fell by ${by}`,
};
