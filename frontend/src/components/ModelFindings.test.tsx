import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { StatedFindings } from "../api/queries";
import { mockApi, renderInApp } from "../test-utils";
import { ModelFindings } from "./ModelFindings";
import { ChoiceCards, Verdict } from "./Verdict";

const place = (model: string, value: number, level: boolean, p: number | null) => ({ model, value, low: value - 0.01, high: value + 0.01, behind: 0, p, level });
const ranking = (metric: string, places: object[], echoes: string[] = []) => ({ metric, split: "s", segment: "all", n: 900, places, detectable: 0.01, echoes });
const named = (key: string) => ({ key, label: `${key} (long)`, name: key.toUpperCase(), said: key, does: "", group: "six" });
const lists = ranking("ndcg@10", [place("one", 0.3, true, null), place("two", 0.29, true, 0.4), place("three", 0.1, false, 0.001)]);
const choice = { situation: { who: "everybody", split: "s", segment: "all" }, ranking: lists, use: "one", unsure: "", cheaper: "two", times_faster: 79, baseline: "three", over_baseline: 3, whom: "every customer", said: "One, 3.0 × three." };
const stated = {
  dataset: "d", title: "D", simulated: true, customers: 900, items: 250, split: "s", seeds: ["101"],
  models: ["one", "two", "three"].map(named), verdict: choice,
  rankings: { "ndcg@10": lists, rmse: ranking("rmse", [place("two", 0.9, true, null)], ["three"]) },
  choices: [choice], cards: { regulars: { ...choice, title: "Regulars", whom: "customers with a long past" } },
  costs: [{ model: "one", fit_seconds: 79, customers_per_second: 8999.6, peak_memory: 1.2e8 }, { model: "two", fit_seconds: 0.01, customers_per_second: null, peak_memory: null }],
  sentences: { verdict: "Use one. Two is as good.", certainty: "By nDCG@10 on 900 customers.", ratings: "Two alone predicts ratings.", segments: [], losses: [] },
} as unknown as StatedFindings;
const answer = (found: object) => mockApi(({ path }) => ({ body: path.includes("findings") ? found : { models: [], default_by: null } }));
const cells = async (model: string): Promise<string[]> => {
  const table = await screen.findByRole("region", { name: "Places and costs of the models" });
  return within(within(table).getByRole("row", { name: new RegExp(`^${model}`) })).getAllByRole("cell").map((cell) => cell.textContent);
};

test("each model has the place, the mark and the cost of the findings, and the verdict is their sentence", async () => {
  answer({ stated, missing: "", versions: {}, not_compared: ["four"] });
  renderInApp(<ModelFindings />);
  expect(await cells("ONE")).toEqual(["1. 0.300best", "–", "79.0 s", "9,000", "120 MB"]);
  expect(await cells("TWO")).toEqual(["2. 0.290cannot be told apart", "1. 0.900best", "< 0.1 s", "–", "–"]);
  expect(await cells("THREE")).toEqual(["3. 0.100significantly worse", "no ratings of its own", "–", "–", "–"]);
  expect(within(screen.getByRole("group", { name: "Verdict" })).getByText("Use one. Two is as good.")).toBeTruthy();
  expect(screen.getByText(/Not compared, as not measured on the same data: four\./)).toBeTruthy();
  expect(within(screen.getByRole("region", { name: "Which model when" })).getByRole("row", { name: /every customer/ }).textContent).toContain("One, 3.0 × three.");
});

test("without findings it says why", async () => {
  answer({ stated: null, missing: "the models in use were not compared with each other", versions: {}, not_compared: [] });
  renderInApp(<ModelFindings />);
  expect(await screen.findByText("The models in use were not compared with each other.")).toBeTruthy();
});

test("a card says which model is for whom, and the sentence about ratings stands beside their metric alone", () => {
  const { rerender } = renderInApp(<ChoiceCards of={stated} />);
  expect(screen.getByRole("listitem").textContent).toBe("Regularscustomers with a long pastOne, 3.0 × three.");
  rerender(<></>);
  renderInApp(<Verdict found={{ stated, missing: "", versions: {}, not_compared: [] }} metric="ndcg@10" />);
  expect(screen.queryByText(/predicts ratings/)).toBeNull();
  renderInApp(<Verdict found={{ stated, missing: "", versions: {}, not_compared: [] }} metric="rmse" />);
  expect(screen.getByText(/predicts ratings/)).toBeTruthy();
});
