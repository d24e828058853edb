import { describe, expect, test } from "vitest";
import type { Comparison, Model } from "../api/queries";
import { METRICS, rankModels } from "./leaderboard";

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
const rmse = METRICS.find((metric) => metric.id === "rmse") ?? ndcg;
const all = [model("a", 0.2, 0.9), model("b", 0.5, 1.1), model("c", null, null), model("d", 0.4, 1.0)];

describe("rankModels", () => {
  test("best first, whether higher or lower is better, and unmeasured models last", () => {
    expect(rankModels(all, ndcg, []).map((row) => row.model.key)).toEqual(["b", "d", "a", "c"]);
    expect(rankModels(all, rmse, []).map((row) => row.model.key)).toEqual(["a", "d", "b", "c"]);
  });

  test("verdicts come from tests of this metric against the best", () => {
    const pairs = [pair("b", "a", 0.01), pair("d", "b", 0.3), pair("d", "a", 0.001), pair("a", "b", 0.5, "rmse", null)];
    expect(rankModels(all, ndcg, pairs).map((row) => row.verdict)).toEqual(["best", "notWorse", "worse", "untested"]);
  });

  test("without a test there is no verdict", () => {
    expect(rankModels(all, ndcg, []).map((row) => row.verdict)).toEqual(["best", "untested", "untested", "untested"]);
  });
});
