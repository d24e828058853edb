import type { Pick } from "../api/queries";

export type Move = { item: string; title: string; kind: "gone" | "new" | "up" | "down"; by: number; because: string | null };

/** How a list differs from the one before, the largest moves first; `because` names what was just acted on, where something rose and its new reasons cite it. */
export function changes(before: Pick[], after: Pick[], acted: string): Move[] {
  const was = new Map(before.map((pick) => [pick.item, pick]));
  const is = new Map(after.map((pick) => [pick.item, pick]));
  const moves: Move[] = [];
  for (const [item, pick] of was) if (!is.has(item)) moves.push({ item, title: pick.title, kind: "gone", by: before.length, because: null });
  for (const [item, pick] of is) {
    const old = was.get(item);
    const cited = pick.reasons?.find((reason) => reason.item === acted);
    const because = cited ? (cited.title ?? acted) : null;
    if (!old) moves.push({ item, title: pick.title, kind: "new", by: after.length + 1 - pick.rank, because });
    else if (old.rank !== pick.rank) moves.push({ item, title: pick.title, kind: old.rank > pick.rank ? "up" : "down", by: Math.abs(old.rank - pick.rank), because: old.rank > pick.rank ? because : null });
  }
  const weight = (move: Move): number => (move.item === acted ? 1000 : 0) + (move.because ? 100 : 0) + (move.kind === "new" ? 50 : 0) + move.by;
  return moves.sort((a, b) => weight(b) - weight(a));
}

/** What a move is called beside an item: how many places, or that it is new. */
export function badge(move: Move | undefined): string {
  if (!move || move.kind === "gone") return "";
  if (move.kind === "new") return "new";
  return `${move.kind === "up" ? "▲" : "▼"} ${move.by}`;
}
