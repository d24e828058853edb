import { describe, expect, test } from "vitest";
import type { Model, ModelPlace, Ranking } from "../api/queries";
import { METRICS, placeModels, standingOf } from "./leaderboard";

const model = (key: string, ndcg: number | null): Model =>
  ({
    key,
    label: `${key} (long)`,
    figures: [
      { split: "s", metric: "ndcg", k: 10, value: ndcg },
      { split: "s", metric: "ndcg", k: 5, value: 0.99 },
    ],
  }) as unknown as Model;
const place = (key: string, value: number, level: boolean, p: number | null): ModelPlace => ({ model: key, value, low: value - 0.1, high: value + 0.1, behind: 0, p, level });
const ranking = { metric: "ndcg@10", split: "s", segment: "all", n: 9, places: [place("b", 0.5, true, null), place("d", 0.4, true, 0.3), place("a", 0.2, false, 0.01)], detectable: null, echoes: [] } as Ranking;
const ndcg = METRICS[0];
const all = [model("a", 0.2), model("b", 0.5), model("c", null), model("d", 0.4)];

describe("placeModels", () => {
  test("the order and what is said of each model are those of the findings, and models that they leave out come last", () => {
    const rows = placeModels(all, ndcg, ranking);
    expect(rows.map((row) => row.model.key)).toEqual(["b", "d", "a", "c"]);
    expect(rows.map((row) => row.standing)).toEqual(["best", "level", "behind", "untested"]);
    expect(rows.map((row) => row.figure?.low)).toEqual([0.4, 0.30000000000000004, 0.1, undefined]);
    expect(rows.map((row) => row.name)).toEqual(["b", "d", "a", "c"]);
  });

  test("a model of the findings that is not served has no row", () => {
    expect(placeModels(all.slice(0, 1), ndcg, ranking).map((row) => row.model.key)).toEqual(["a"]);
  });

  test("without findings models stay in their order with their figures, and nothing is said of them", () => {
    const rows = placeModels(all, ndcg, undefined);
    expect(rows.map((row) => [row.model.key, row.figure?.value, row.standing])).toEqual([["a", 0.2, "untested"], ["b", 0.5, "untested"], ["c", undefined, "untested"], ["d", 0.4, "untested"]]);
  });
});

test("a place that was not compared is not worse", () => {
  expect(standingOf(place("x", 0.1, false, null), "b")).toBe("untested");
});
