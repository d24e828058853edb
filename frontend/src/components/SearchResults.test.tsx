import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { RecommendedItem } from "../api/queries";
import { renderInApp } from "../test-utils";
import { SearchResults } from "./SearchResults";

const items = (...close: boolean[]): RecommendedItem[] =>
  close.map((near, at) => ({ item: `p${at}`, title: `Title ${at}`, category: "Home", price: 1, rank: at + 1, score: 0.4, by: "text", reasons: [], close: near }) as unknown as RecommendedItem);

test("close matches are listed, distant ones are folded below them", () => {
  renderInApp(<SearchResults items={items(true, true, false)} />);
  const folded = screen.getByRole("group");
  expect(folded.hasAttribute("open")).toBe(false);
  expect(within(folded).getByText("1 more with a weaker match")).toBeTruthy();
  expect(within(folded).queryByText("Title 1")).toBeNull();
  expect(within(folded).getByText("Title 2")).toBeTruthy();
  expect(screen.queryByRole("status")).toBeNull();
});

test("without a close match it says so", () => {
  renderInApp(<SearchResults items={items(false, false)} />);
  expect(screen.getByRole("status").textContent).toContain("No product matches this well");
  expect(screen.getByText("Show the nearest anyway")).toBeTruthy();
});

test("without distant matches nothing is folded", () => {
  renderInApp(<SearchResults items={items(true)} />);
  expect(screen.queryByRole("group")).toBeNull();
});

test("at most five close matches are shown at once", () => {
  const { container } = renderInApp(<SearchResults items={items(true, true, true, true, true, true, false)} />);
  expect(container.querySelectorAll("details [data-item]").length).toBe(2);
  expect(container.querySelectorAll("[data-item]").length).toBe(7);
  expect(container.querySelector("summary")?.textContent).toBe("2 more");
});
