import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Experiments } from "../api/queries";
import { mockApi, renderInApp } from "../test-utils";
import { VariantResults } from "./VariantResults";

const size = (arm: string) => ({ arm, share: 0.5, customers: 50, expected: 50, p: 1 });
const pair = (metric: string, better: boolean) => ({ arm: "knn", other: "svd", metric, difference: 0.1, low: 0.02, high: 0.18, p: 0.01, p_holm: 0.01, better, detectable: 0.1 });

function show(arms: Experiments["results"]["arms"]) {
  mockApi(() => ({ body: { models: [{ key: "knn", label: "User kNN (idf)", figures: [] }, { key: "svd", label: "SVD", figures: [] }] } }));
  return renderInApp(<VariantResults results={{ by_model: [], by_surface: [], by_day: [], by_arm: [], arms, sizes: [size("knn"), size("svd")] }} />);
}

test("an experiment says in words who is better, and where it may be chance", async () => {
  show([pair("click_through", true), pair("conversion", false)]);
  expect(await screen.findByText(/^Click-through rate: User kNN − SVD = 10% \(95% interval 2% to 18%\)\. User kNN is better\.$/)).toBeTruthy();
  expect(screen.getByText(/^Conversion rate: .*\. The difference may be chance\.$/)).toBeTruthy();
  expect(screen.getByText(/looks again and again/)).toBeTruthy();
});

test("without a difference there is nothing to warn of", async () => {
  show([]);
  expect(await screen.findByText(/Customers so far/)).toBeTruthy();
  expect(screen.queryByText(/looks again and again/)).toBeNull();
});
