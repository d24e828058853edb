import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Item, RecommendedItem } from "../api/queries";
import { renderInApp } from "../test-utils";
import { ItemFacts } from "./ItemFacts";
import { ItemList } from "./ItemList";

const film = { category: "Action|Adventure|Sci-Fi", title: "Star Wars (1977)", price: null };

test("each genre of a product is a badge of its own", () => {
  renderInApp(<ItemFacts item={{ id: "50", ...film, text: "", available: true } as unknown as Item} />);
  expect(["Action", "Adventure", "Sci-Fi"].map((genre) => screen.getByText(genre).textContent)).toEqual(["Action", "Adventure", "Sci-Fi"]);
});

test("a list separates genres by commas", () => {
  const { container } = renderInApp(<ItemList items={[{ item: "50", ...film, rank: 1, by: "model", reasons: [] } as unknown as RecommendedItem]} />);
  expect(screen.getByText("Action, Adventure, Sci-Fi")).toBeTruthy();
  expect(container.textContent).not.toContain("|");
});
