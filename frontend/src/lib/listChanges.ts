import type { RecommendedItem } from "../api/queries";

export type Move = { item: string; title: string; kind: "removed" | "new" | "up" | "down"; by: number; because: string | null };

/** List how two lists differ, the largest moves first. `because` is the title of the item acted on, where an item is new or rose and its reasons name it. */
export function listChanges(before: RecommendedItem[], after: RecommendedItem[], actedOn: string): Move[] {
  const old = new Map(before.map((entry) => [entry.item, entry]));
  const now = new Map(after.map((entry) => [entry.item, entry]));
  const moves: Move[] = [];
  for (const [item, { title }] of old) if (!now.has(item)) moves.push({ item, title, kind: "removed", by: before.length, because: null });
  for (const [item, { title, rank, reasons }] of now) {
    const oldRank = old.get(item)?.rank;
    const cited = reasons?.find((reason) => reason.item === actedOn);
    const because = cited ? (cited.title ?? actedOn) : null;
    if (oldRank === undefined) moves.push({ item, title, kind: "new", by: after.length + 1 - rank, because });
    else if (oldRank > rank) moves.push({ item, title, kind: "up", by: oldRank - rank, because });
    else if (oldRank < rank) moves.push({ item, title, kind: "down", by: rank - oldRank, because: null });
  }
  const weight = (move: Move): number => (move.item === actedOn ? 1000 : 0) + (move.because ? 100 : 0) + (move.kind === "new" ? 50 : 0) + move.by;
  return moves.sort((a, b) => weight(b) - weight(a));
}

/** Return the badge beside an item: how many ranks it moved, or that it is new. */
export function moveBadge(move: Move | undefined): string {
  if (!move || move.kind === "removed") return "";
  if (move.kind === "new") return "new";
  return `${move.kind === "up" ? "▲" : "▼"} ${move.by}`;
}
