import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import { OnlineAgreementPanel } from "./OnlineAgreementPanel";

const version = (model: string, changes: object = {}) => ({
  model, version: `${model}-1`, label: model.toUpperCase(), offline: 0.48, offline_low: 0.46, offline_high: 0.5, online: 0.13, online_low: 0.11, online_high: 0.15, impressions: 2000, customers: 90, snapshot: "91ab02c4d5e6", ...changes,
});
const result = (versions: object[], changes: object = {}) => ({
  metric: "ndcg", k: 10, split: "ratio75_item", rate: "click_through", days: 90, versions,
  agreement: { models: versions.length, clear_pairs: 1, agreeing_pairs: 1, correlation: null, low: null, high: null }, text: "Of 1 pair of versions that differ clearly in both figures, 1 is in the same order.", ...changes,
});
const answer = (respond: () => object) => mockApi(({ path }) => ({ body: path.includes("online-agreement") ? respond() : { models: [], default_by: null } }));

test("both figures stand side by side with their intervals, and what the order allows to say", async () => {
  answer(() => result([version("ease"), version("knn", { offline: null, offline_low: null, offline_high: null }), version("bert", { online: null, online_low: null, online_high: null })]));
  renderInApp(<OnlineAgreementPanel />);
  const table = await screen.findByRole("table");
  const cells = (model: string): string[] => within(within(table).getByRole("row", { name: new RegExp(model) })).getAllByRole("cell").map((cell) => cell.textContent);
  expect(cells("EASE")).toEqual(["ease-1", "91ab02c4d5e6", "0.4800.460 – 0.500", "13%11% – 15%", "90"]);
  expect(cells("KNN").slice(1, 3)).toEqual(["–", "–"]);
  expect(within(table).queryByText("BERT")).toBeNull(); // nobody has seen its lists
  expect(screen.getByText(/1 is in the same order/)).toBeTruthy();
});

test("the other rate can be chosen", async () => {
  const requests = answer(() => result([version("ease")]));
  renderInApp(<OnlineAgreementPanel />);
  await screen.findByRole("table");
  await userEvent.click(screen.getByRole("radio", { name: "Carts, purchases, likes" }));
  expect(await screen.findByText("Conversion rate, observed")).toBeTruthy();
  expect(requests.some(({ path }) => path.includes("rate=conversion"))).toBe(true);
});

test("before anybody has seen a list it says so", async () => {
  answer(() => result([version("ease", { online: null })]));
  renderInApp(<OnlineAgreementPanel />);
  expect(await screen.findByText(/have been seen by customers in the last 90 days/)).toBeTruthy();
});
