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

/** What the customer did with the item that is the reason, and how much of the score it is: "bought Mar 3, 2026, 42%". */
function details(reason: Reason): string {
  const deed = reason.event && reason.timestamp != null ? `${DEEDS[reason.event] ?? reason.event} ${date(reason.timestamp)}` : "";
  const part = reason.share == null ? "" : roughShare(Math.min(1, reason.share));
  return [deed, part].filter(Boolean).join(", ");
}

function reasonText(reason: Reason, ownItem: string): ReactNode {
  if (reason.kind === "item" && reason.item === ownItem) return "an earlier interaction with it";
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
  return (
    <ReasonLine>
      {source && `${source} `}
      {by === "text" && "New item, matched by its description. "}
      Because of{" "}
      {reasons.map((reason, at) => (
        <span key={`${reason.kind}-${reason.item ?? reason.word ?? at}`}>
          {at > 0 && (at === reasons.length - 1 ? " and " : ", ")}
          {reasonText(reason, item)}
          {details(reason) && ` (${details(reason)})`}
        </span>
      ))}
    </ReasonLine>
  );
}

function ReasonLine({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" className="reasons">
      {children}
    </Text>
  );
}
