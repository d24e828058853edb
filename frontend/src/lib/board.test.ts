import { describe, expect, test } from "vitest";
import type { Comparison, Model } from "../api/queries";
import { METRICS, ranked } from "./board";

const model = (key: string, ndcg: number | null, rmse: number | null): Model =>
  ({
    key,
    label: `${key} (long)`,
    figures: [
      { split: "s", metric: "ndcg", k: 10, value: ndcg },
      { split: "s", metric: "ndcg", k: 5, value: 0.99 },
      { split: "s", metric: "rmse", k: null, value: rmse },
    ],
  }) as unknown as Model;
const pair = (one: string, other: string, p_holm: number, metric = "ndcg", k: number | null = 10): Comparison =>
  ({ model: one, other, metric, k, p_holm, better: p_holm < 0.05 }) as unknown as Comparison;
const ndcg = METRICS[0];
const rmse = METRICS.find((one) => one.id === "rmse") ?? ndcg;
const all = [model("a", 0.2, 0.9), model("b", 0.5, 1.1), model("c", null, null), model("d", 0.4, 1.0)];

describe("ranked", () => {
  test("best first, whichever way the metric goes, and what was not measured last", () => {
    expect(ranked(all, ndcg, []).map((row) => row.model.key)).toEqual(["b", "d", "a", "c"]);
    expect(ranked(all, rmse, []).map((row) => row.model.key)).toEqual(["a", "d", "b", "c"]);
  });

  test("marks come from tests against the best alone, of this metric", () => {
    const pairs = [pair("b", "a", 0.01), pair("d", "b", 0.3), pair("d", "a", 0.001), pair("a", "b", 0.5, "rmse", null)];
    expect(ranked(all, ndcg, pairs).map((row) => row.mark)).toEqual(["best", "level", "behind", ""]);
  });

  test("nothing is marked without a test", () => {
    expect(ranked(all, ndcg, []).map((row) => row.mark)).toEqual(["best", "", "", ""]);
  });
});
