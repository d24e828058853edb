import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import ProductPage from "./Product";
import VisitorPage from "./Visitor";

const lamp = { id: "p1", item: "p1", title: "Lamp", category: "Home", price: 9.5, rank: 1, by: "popular", reasons: [], close: true };

function serve(currency: string | null): void {
  mockApi(({ path }) => {
    if (path.includes("/overview")) return { body: { title: "Shop", currency, categories: [], events: {}, months: [], models: [] } };
    if (path.includes("/models")) return { body: { models: [], default_by: null } };
    return { body: { items: [lamp], next: null } };
  });
}

test("the tiles of the catalogue have a drawing, and a price in the shop's currency", async () => {
  serve("GBP");
  const { container } = renderInApp(<ProductPage />);
  expect(await screen.findByText("Home · £9.50")).toBeTruthy();
  expect(container.querySelectorAll(".tile .product-picture").length).toBe(1);
});

test("where the data name no currency, none is shown", async () => {
  serve(null);
  renderInApp(<ProductPage />);
  expect(await screen.findByText("Home · 9.50")).toBeTruthy();
});

test("the products that a new visitor may pick have a drawing", async () => {
  serve("GBP");
  const { container } = renderInApp(<VisitorPage />);
  expect(await screen.findByText("Lamp")).toBeTruthy();
  expect(container.querySelectorAll(".tile .product-picture").length).toBe(1);
});
