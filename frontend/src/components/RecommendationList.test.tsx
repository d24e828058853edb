import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { ContextEvent, RecommendedItem } from "../api/queries";
import { mockApi, renderInApp } from "../test-utils";
import { RecommendationList } from "./RecommendationList";

const entry = (item: string, rank: number): RecommendedItem =>
  ({ item, title: `Title ${item}`, category: "Home", price: 9.5, rank, score: 1, probability: 1, rating: 4.2, by: "model", reasons: [{ kind: "item", item: "p9", title: "Lamp", word: null, share: 0.5 }] }) as RecommendedItem;

const TRIED = [{ item: "p0", event: "click", rating: null, timestamp: 1_790_000_000 }] as const satisfies ContextEvent[];

function mockRecommendations(items: RecommendedItem[]) {
  return mockApi(({ path }) => {
    if (path.includes("/recommendations")) return { body: { answers: [{ recommendation_id: "", customer: "c1", model: "knn", version: "1", cold_start: false, n_history: 3, items }] } };
    if (path.includes("/overview")) return { body: { scale: [1, 5], models: [], months: [], events: {}, categories: [] } };
    return { body: { models: [{ key: "knn", label: "User kNN (idf)", figures: [], default: true }] } };
  });
}

test("each item has its reasons and buttons that name it, and nothing is stored", async () => {
  const requests = mockRecommendations([entry("p1", 1), entry("p2", 2)]);
  const onAction = vi.fn();
  const onOpen = vi.fn();
  renderInApp(<RecommendationList customer="c1" tried={TRIED} model="knn" n={2} lastAction={null} onAction={onAction} onOpen={onOpen} />);
  const list = await screen.findByRole("list", { name: "Recommendations of knn" });
  expect(within(list).getAllByText(/Because of/)).toHaveLength(2);
  await userEvent.click(within(list).getByRole("button", { name: "Buy: Title p2" }));
  expect(onAction).toHaveBeenCalledWith(expect.objectContaining({ item: "p2" }), "purchase");
  await userEvent.click(within(list).getByRole("button", { name: "Title p1" }));
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ item: "p1" }));
  expect(requests.filter((request) => request.path.endsWith("/feedback"))).toEqual([]);
  const asked = requests.filter((request) => request.path.endsWith("/recommendations"));
  expect(asked).toHaveLength(1);
  expect(asked[0]?.body).toMatchObject({ requests: [{ customer: "c1", model: "knn", n: 2, history: TRIED, surface: "sandbox" }] });
  expect(screen.getByText("Based on 3 products in the customer’s history and the sandbox.")).toBeTruthy();
});

test("after an action it says what changed", async () => {
  mockRecommendations([entry("p2", 1), entry("p3", 2)]);
  const lastAction = { item: "p1", title: "Title p1", event: "purchase", model: "knn", before: { knn: [entry("p1", 1), entry("p2", 2)] } };
  renderInApp(<RecommendationList customer="c1" tried={TRIED} model="knn" n={2} lastAction={lastAction} onAction={vi.fn()} onOpen={vi.fn()} />);
  const status = (await screen.findByText(/no longer be recommended/)).closest("[role=status]");
  expect(status?.textContent).toContain("If the customer bought Title p1, it would");
  expect(status?.textContent).toContain("Title p3 is new in the list");
  expect(status?.textContent).toContain("Title p2 rose by 1");
});

test("after a low rating it says what the rating changes and what not", async () => {
  mockRecommendations([entry("p2", 1)]);
  const lastAction = { item: "p1", title: "Title p1", event: "rating", rating: 1, model: "svd", before: { knn: [entry("p1", 1)] } };
  renderInApp(<RecommendationList customer="c1" tried={TRIED} model="knn" n={1} lastAction={lastAction} onAction={vi.fn()} onOpen={vi.fn()} />);
  const status = (await screen.findByText(/no longer be recommended/)).closest("[role=status]");
  await waitFor(() => expect(status?.textContent).toContain("gave Title p1 1 of 5 stars, it would"));
  expect(status?.textContent).toContain("rating a product means having chosen it");
  expect(document.activeElement).toBe(document.body); // the action was done in the other list
});
