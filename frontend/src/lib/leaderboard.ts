import type { Figure, Model, ModelPlace, Ranking } from "../api/queries";
import { shortLabel } from "./models";

export type Metric = { id: string; name: string; metric: string; k: number | null; about: string };

export const METRICS: [Metric, ...Metric[]] = [
  { id: "ndcg@10", name: "nDCG@10", metric: "ndcg", k: 10, about: "Are the right items near the top of ten?" },
  { id: "precision@10", name: "Precision@10", metric: "precision", k: 10, about: "How many of ten were right?" },
  { id: "recall@10", name: "Recall@10", metric: "recall", k: 10, about: "How many of the right ones are among the ten?" },
  { id: "rmse", name: "RMSE", metric: "rmse", k: null, about: "How far off are predicted ratings? Lower is better." },
];

/** Return a model's figure for a metric, if it was measured. */
export function figureOf(model: Model, metric: string, k: number | null): Figure | undefined {
  return (model.figures ?? []).find((figure) => figure.metric === metric && (figure.k ?? null) === k && figure.value != null);
}

/** What the findings say of a model: "level" cannot be told apart from the best, of "untested" they say nothing. */
export type Standing = "best" | "level" | "behind" | "untested";
export type Row = { model: Model; name: string; figure: Pick<Figure, "value" | "low" | "high"> | undefined; standing: Standing };

export const STANDINGS: Record<Standing, string> = { best: "best", level: "cannot be told apart", behind: "significantly worse", untested: "" };

/** Return what a ranking says of one of its places. */
export function standingOf(place: ModelPlace | undefined, best: string | undefined): Standing {
  if (!place) return "untested";
  if (place.model === best) return "best";
  if (place.level) return "level";
  return place.p == null ? "untested" : "behind";
}

/** Return the models in the order of a ranking; those that it leaves out follow in the order given, as all do where there is none. */
export function placeModels(models: Model[], metric: Metric, ranking: Ranking | undefined): Row[] {
  const places = ranking?.places ?? [];
  const position = (model: Model): number => places.findIndex((place) => place.model === model.key);
  const placed = models.filter((model) => position(model) >= 0).sort((a, b) => position(a) - position(b));
  return [...placed, ...models.filter((model) => position(model) < 0)].map((model) => {
    const place = places[position(model)];
    return { model, name: shortLabel(model.label), figure: place ?? figureOf(model, metric.metric, metric.k), standing: standingOf(place, places[0]?.model) };
  });
}
