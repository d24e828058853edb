import type { Comparison, Figure, Model } from "../api/queries";
import { shortLabel } from "./models";

export type Metric = { id: string; name: string; metric: string; k: number | null; lower: boolean; about: string };

export const METRICS: [Metric, ...Metric[]] = [
  { id: "ndcg@10", name: "nDCG@10", metric: "ndcg", k: 10, lower: false, about: "Are the right items near the top of ten?" },
  { id: "precision@10", name: "Precision@10", metric: "precision", k: 10, lower: false, about: "How many of ten were right?" },
  { id: "recall@10", name: "Recall@10", metric: "recall", k: 10, lower: false, about: "How many of the right ones are among the ten?" },
  { id: "rmse", name: "RMSE", metric: "rmse", k: null, lower: true, about: "How far off are predicted ratings? Lower is better." },
];

/** Return a model's figure for a metric, if it was measured. */
export function figureOf(model: Model, metric: string, k: number | null): Figure | undefined {
  return (model.figures ?? []).find((figure) => figure.metric === metric && (figure.k ?? null) === k && figure.value != null);
}

export type Verdict = "best" | "notWorse" | "worse" | "untested";
export type Row = { model: Model; name: string; figure: Figure | undefined; verdict: Verdict };

/** Rank models by a metric, the best first, each with the outcome of its paired test against the best. */
export function rankModels(models: Model[], metric: Metric, pairs: Comparison[]): Row[] {
  const sign = metric.lower ? 1 : -1;
  const rows = models.map((model) => ({ model, name: shortLabel(model.label), figure: figureOf(model, metric.metric, metric.k) }));
  rows.sort((a, b) => (a.figure ? (b.figure ? sign * ((a.figure.value ?? 0) - (b.figure.value ?? 0)) : -1) : b.figure ? 1 : 0));
  const best = rows[0]?.figure ? rows[0].model.key : "";
  return rows.map((row) => ({ ...row, verdict: row.figure ? verdictOn(row.model.key, best, metric, pairs) : "untested" }));
}

function verdictOn(key: string, best: string, metric: Metric, pairs: Comparison[]): Verdict {
  if (key === best) return "best";
  const pair = pairs.find(
    (other) => other.metric === metric.metric && (other.k ?? null) === metric.k && [other.model, other.other].includes(key) && [other.model, other.other].includes(best),
  );
  if (pair?.p_holm == null) return "untested";
  return pair.p_holm < 0.05 ? "worse" : "notWorse";
}
