import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import { RecommendedWithItem } from "./RecommendedWithItem";

test("the list names the model that made it, which is the default one", async () => {
  const requests = mockApi(({ path }) => {
    if (path.includes("/similar")) return { body: { items: [{ item: "p2", title: "Kettle", rank: 1, by: "model", reasons: [] }] } };
    return { body: { models: [{ key: "a", label: "Model A", figures: [], default: false }, { key: "b", label: "Model B (two heads)", figures: [], default: true }] } };
  });
  renderInApp(<RecommendedWithItem id="p1" n={4} />);
  expect(await screen.findByText("Kettle")).toBeTruthy();
  const panel = screen.getByRole("region", { name: "Recommended with this product" });
  expect((await screen.findByText("Model B")).closest("section")).toBe(panel);
  expect(panel.textContent).toContain("What Model B recommends to a customer who has only interacted with this product");
  expect(requests.find((request) => request.path.includes("/similar"))?.path).toBe("/api/v1/items/p1/similar?by=behaviour&n=4");
});
