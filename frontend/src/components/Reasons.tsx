import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Reason } from "../api/queries";
import { date, roughShare } from "../lib/format";

/** What to say of an item that was not ranked by the model alone. */
const SOURCES: Record<string, string> = {
  pinned: "Pinned to the top of every list.",
  explored: "Chosen at random for the experiment.",
  popular: "Popular with all customers.",
  latest: "New in the shop.",
};

const DEEDS: Record<string, string> = { purchase: "bought", like: "liked", rating: "rated", cart: "put in the cart", click: "clicked", view: "viewed" };

/** An item of the history that is less of the score than this is not named as one of several reasons. */
const MIN_SHARE = 0.1;

/** What the customer did with the item that is the reason, and how much of the score it is: "bought Mar 3, 2026, 42%". */
function details(reason: Reason): string {
  const part = reason.share == null ? "" : roughShare(Math.min(1, reason.share));
  return [deedOf(reason), part].filter(Boolean).join(", ");
}

const deedOf = (reason: Reason): string => (reason.event && reason.timestamp != null ? `${DEEDS[reason.event] ?? reason.event} ${date(reason.timestamp)}` : "");

/** Say that the customer had the recommended item before: "The customer bought it before (Mar 3, 2026)". */
function ownHistory({ event, timestamp }: Reason): string {
  const deed = event === "cart" ? "put it in the cart" : event ? `${DEEDS[event] ?? "chose"} it` : "chose it";
  return `The customer ${deed} before${timestamp == null ? "" : ` (${date(timestamp)})`}. `;
}

const isLarge = (reason: Reason): boolean => reason.kind !== "item" || reason.share == null || reason.share >= MIN_SHARE;

function reasonText(reason: Reason): ReactNode {
  if (reason.kind === "item") return <b>{reason.title ?? reason.item}</b>;
  if (reason.kind === "word") return <>the word “{reason.word}”</>;
  if (reason.kind === "popularity") return reason.group ? `its popularity with customers of ${reason.group}` : "its popularity";
  return "a rule of the shop";
}

/** Why an item was recommended: the parts of its score that count most. */
export function Reasons({ reasons, by, item = "" }: { reasons: Reason[]; by: string; item?: string }) {
  const source = SOURCES[by];
  if (source && by !== "explored") return <ReasonLine>{source}</ReasonLine>;
  if (!reasons.length) return <ReasonLine>{source ?? "No single reason stands out."}</ReasonLine>;
  const group = reasons.length === 1 ? reasons[0]?.group : null;
  if (group) return <ReasonLine>Popular with customers of {group}.</ReasonLine>;
  if (reasons.every((reason) => reason.kind === "popularity")) return <ReasonLine>Popular; nothing in the customer’s history speaks for it.</ReasonLine>;
  const own = reasons.find((reason) => reason.kind === "item" && reason.item === item);
  const others = reasons.filter((reason) => reason !== own);
  const large = others.filter(isLarge);
  const strongest = others[0];
  return (
    <ReasonLine>
      {source && `${source} `}
      {by === "text" && "New item, matched by its description. "}
      {own && ownHistory(own)}
      {large.length > 0 && <>Because of {listed(large, details)}</>}
      {!own && !large.length && strongest && <>Many small things in the history add up, most of all {listed([strongest], deedOf)}</>}
    </ReasonLine>
  );
}

/** Write reasons as a list in a sentence, each with what is to be said of it in brackets. */
function listed(reasons: Reason[], inBrackets: (reason: Reason) => string): ReactNode {
  return reasons.map((reason, at) => (
    <span key={`${reason.kind}-${reason.item ?? reason.word ?? at}`}>
      {at > 0 && (at === reasons.length - 1 ? " and " : ", ")}
      {reasonText(reason)}
      {inBrackets(reason) && ` (${inBrackets(reason)})`}
    </span>
  ));
}

function ReasonLine({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" className="reasons">
      {children}
    </Text>
  );
}
