import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import { OffPolicyPanel } from "./OffPolicyPanel";

const estimate = (model: string, places: number | null, policy: string, changes: object = {}) => ({
  model, version: "6b1f2c93a7de", label: model.toUpperCase(), policy, places, impressions: 600,
  doubly_robust: 0.12, doubly_robust_low: 0.1, doubly_robust_high: 0.15, snips: 0.11, snips_low: 0.09, snips_high: 0.14,
  observed: null, observed_low: null, observed_high: null, effective: 90, effective_customers: 74.2, weight: 1, unseen: 0, trained_on: 0, reproduced: null, warnings: [], ...changes,
});
const result = (models: object[], changes: object = {}) => ({ reward: "clicked", days: 30, computing: false, computed: "2026-11-25T04:00:00+00:00", seconds: 2, lists: 200, impressions: 800, customers: 120, models, problems: {}, ...changes });
const nothing = { value: null, snips: 0.2, snips_low: null, snips_high: null, doubly_robust_low: null, doubly_robust_high: null };

/** Answer every request for estimates with what `respond` returns, and others with no models. */
const answer = (respond: (path: string) => object) => mockApi(({ path }) => ({ body: path.includes("offpolicy") ? respond(path) : { models: [], default_by: null } }));
const cells = async (model: string): Promise<string[]> => within(within(await screen.findByRole("table")).getByRole("row", { name: new RegExp(model) })).getAllByRole("cell").map((cell) => cell.textContent);

test("an estimate stands there with its interval, and one without an interval says why instead of a number", async () => {
  const why = "Customers have hardly been shown lists like this model's.";
  answer(() => result([estimate("knn", 3, "explored"), estimate("svd", 3, "explored", { ...nothing, warnings: [why] })]));
  renderInApp(<OffPolicyPanel />);
  expect(await cells("KNN")).toEqual(["11%9% – 14%", "–", "74", "yes, within its interval"]);
  expect(await cells("SVD")).toEqual(["–", "–", "74", why]);
  expect(screen.getByText(/From 200 lists that 120 customers saw/)).toBeTruthy();
});

test("positions, exploration and what counts can be chosen", async () => {
  const requests = answer(() => result([estimate("knn", 1, "explored", { snips: 0.5 }), estimate("knn", null, "explored", { snips: 0.3 }), estimate("knn", null, "pure", { snips: 0.25 })]));
  renderInApp(<OffPolicyPanel />);
  expect((await cells("KNN"))[0]).toMatch(/^30%/); // lists of fewer than four positions: the first three are all
  await userEvent.click(screen.getByRole("radio", { name: "First position" }));
  expect((await cells("KNN"))[0]).toMatch(/^50%/);
  await userEvent.click(screen.getByRole("radio", { name: "Whole list" }));
  await userEvent.click(screen.getByRole("radio", { name: "Without" }));
  expect((await cells("KNN"))[0]).toMatch(/^25%/);
  await userEvent.click(screen.getByRole("radio", { name: "Carts, purchases, likes" }));
  expect(requests.some(({ path }) => path.includes("reward=converted"))).toBe(true);
});

test("while estimates are computed it says so, and shows them when they are there", async () => {
  let computing = true;
  answer(() => (computing ? result([], { computing, computed: null, lists: 0 }) : result([estimate("knn", 3, "explored")])));
  renderInApp(<OffPolicyPanel />);
  expect(await screen.findByText(/Being computed for the first time/)).toBeTruthy();
  computing = false;
  await screen.findByRole("table", {}, { timeout: 5_000 });
});

test("without lists it says how to get some, and a model without an estimate is named", async () => {
  answer(() => result([], { lists: 0, customers: 0 }));
  const { unmount } = renderInApp(<OffPolicyPanel />);
  expect(await screen.findByText(/run an A\/B test with exploration above 0 %/)).toBeTruthy();
  unmount();
  answer(() => result([], { problems: { bert: "it could not be read" } }));
  renderInApp(<OffPolicyPanel />);
  expect((await screen.findByRole("alert")).textContent).toContain("it could not be read");
});
