import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Reason } from "../api/queries";
import { roughly } from "../lib/format";

const BY: Record<string, string> = {
  pinned: "The shop puts it first for everybody.",
  explored: "Drawn by chance: the experiment tries it out.",
  popular: "Popular with everybody.",
  latest: "New in the shop.",
};

function one(reason: Reason, own: string): ReactNode {
  if (reason.kind === "item" && reason.item === own) return "an earlier look at it";
  if (reason.kind === "item") return <b>{reason.title ?? reason.item}</b>;
  if (reason.kind === "word") return <>the word “{reason.word}”</>;
  if (reason.kind === "popularity") return "its popularity";
  return "a rule of the shop";
}

/** Why an item stands in a list: what would be missed most in its score. */
export function Reasons({ reasons, by, item = "" }: { reasons: Reason[]; by: string; item?: string }) {
  const special = BY[by];
  if (special && by !== "explored") return <Line>{special}</Line>;
  if (!reasons.length) return <Line>{special ?? "Nothing single stands out: many small things together."}</Line>;
  if (reasons.every((reason) => reason.kind === "popularity")) return <Line>Popular; nothing that was done so far speaks for it.</Line>;
  return (
    <Line>
      {special && `${special} `}
      {by === "text" && "New, read by its text. "}
      Because of{" "}
      {reasons.map((reason, at) => (
        <span key={`${reason.kind}-${reason.item ?? reason.word ?? at}`}>
          {at > 0 && (at === reasons.length - 1 ? " and " : ", ")}
          {one(reason, item)}
          {reason.share != null && ` (${roughly(Math.min(1, reason.share))})`}
        </span>
      ))}
    </Line>
  );
}

function Line({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" className="reasons">
      {children}
    </Text>
  );
}
