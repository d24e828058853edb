import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { Experiments } from "../api/queries";
import { mockApi, renderInApp } from "../test-utils";
import { OnlineFigures } from "./OnlineFigures";

const rates = (model: string, impressions: number, comparable: boolean) => ({ model, impressions, customers: 9, click_through: 0.1, click_through_low: 0.05, click_through_high: 0.2, conversion: 0, comparable });
const PLAIN = "These rows do not compare the models";

function show(results: Partial<Experiments["results"]>) {
  mockApi(() => ({ body: { models: [{ key: "knn", label: "User kNN (idf)", figures: [] }, { key: "svd", label: "SVD", figures: [] }] } }));
  return renderInApp(<OnlineFigures results={{ by_model: [], by_surface: [], by_day: [], by_arm: [], arms: [], sizes: [], ...results }} />);
}

test("figures of customers that chance did not assign say that they are no comparison, and are not drawn side by side", async () => {
  show({ by_model: [rates("knn", 40, false), rates("svd", 20, false)], by_surface: [{ ...rates("knn", 40, false), surface: "" }, { ...rates("svd", 20, false), surface: "" }] });
  expect(screen.getByText(new RegExp(PLAIN))).toBeTruthy();
  expect(screen.queryByText(/assigned to a model at random/)).toBeNull();
  expect(screen.queryByLabelText("Surface")).toBeNull();
  expect(await screen.findByText("User kNN")).toBeTruthy();
});

test("the variants of an experiment are compared, from their own customers alone", () => {
  show({ by_model: [rates("knn", 30, true), rates("svd", 30, true)], by_arm: [rates("knn", 30, true), rates("svd", 30, true)] });
  expect(screen.getByText(/assigned to a model at random/)).toBeTruthy();
  expect(screen.queryByText(new RegExp(PLAIN))).toBeNull();
});

test("the figures of one surface can be chosen", async () => {
  show({
    by_model: [rates("knn", 70, false)],
    by_surface: [{ ...rates("knn", 60, false), surface: "home" }, { ...rates("knn", 10, false), surface: "email" }],
  });
  const table = screen.getByRole("table");
  expect(within(table).getByText("70")).toBeTruthy();
  await userEvent.selectOptions(screen.getByLabelText("Surface"), "email");
  expect(within(table).getByText("10")).toBeTruthy();
  expect(within(table).queryByText("70")).toBeNull();
});
