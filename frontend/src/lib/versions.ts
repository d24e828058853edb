import type { DefaultBy, Model, ModelDecision } from "../api/queries";
import { figure } from "./format";

export type Change = { difference: number; low: number; high: number; customers: number | null; verdict: "better" | "worse" | "unclear" };

/** What was tested about two versions on the same customers, seen from the one that is to be put to use; null if they were never tested. */
export function testedChange(decisions: ModelDecision[], from: string, to: string): Change | null {
  for (const { champion, challenger, difference, low, high, window } of decisions) {
    if (difference == null || low == null || high == null) continue;
    const customers = window?.customers ?? null;
    if (champion === from && challenger === to) return { difference, low, high, customers, verdict: verdictOn(low, high) };
    if (champion === to && challenger === from) return { difference: -difference, low: -high, high: -low, customers, verdict: verdictOn(-high, -low) };
  }
  return null;
}

function verdictOn(low: number, high: number): Change["verdict"] {
  if (low > 0) return "better";
  return high < 0 ? "worse" : "unclear";
}

/** Say in one sentence why the default model is the default. */
export function defaultReason(by: DefaultBy, nameOf: (key: string) => string): string {
  const name = nameOf(by.key);
  if (by.by === "setting") return `${name} is the default model because the setting C360_DEFAULT_MODEL names it.`;
  if (by.by === "preference") return `${name} is the default model because no model was measured when it was trained.`;
  const best = `${name} is the default model because its nDCG@10 is the highest, ${figure(by.value)}`;
  const basis = by.basis ? ` ${by.basis}` : "";
  if (!by.runner_up) return `${best}.${basis}`;
  return `${best}; next is ${nameOf(by.runner_up)} with ${figure(by.runner_up_value)}, ${DIFFERENCE[String(by.better)]}.${by.note ? ` ${by.note}` : ""}${basis}`;
}

const DIFFERENCE: Record<string, string> = {
  true: "and the difference is significant",
  false: "and the difference may be chance",
  null: "and the two were not tested against each other",
  undefined: "and the two were not tested against each other",
};

/** Return the kept versions of a model, the newest first. */
export const newestFirst = (model: Model) => [...(model.versions ?? [])].reverse();
