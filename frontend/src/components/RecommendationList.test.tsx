import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { RecommendedItem } from "../api/queries";
import { mockApi, renderInApp } from "../test-utils";
import { RecommendationList } from "./RecommendationList";

const entry = (item: string, rank: number): RecommendedItem =>
  ({ item, title: `Title ${item}`, category: "Home", price: 9.5, rank, score: 1, probability: 1, rating: 4.2, by: "model", reasons: [{ kind: "item", item: "p9", title: "Lamp", word: null, share: 0.5 }] }) as RecommendedItem;

function mockRecommendations(items: RecommendedItem[]) {
  return mockApi(({ path, method }) => {
    if (path.includes("/recommendations")) return { body: { recommendation_id: "r1", customer: "c1", model: "knn", version: "1", cold_start: false, n_history: 3, items } };
    if (path.includes("/overview")) return { body: { scale: [1, 5], models: [], months: [], events: {}, categories: [] } };
    if (method === "POST") return { body: { receipts: [] } };
    return { body: { models: [{ key: "knn", label: "User kNN (idf)", figures: [], default: true }] } };
  });
}

test("each item has its reasons and buttons that name it, and impressions are stored", async () => {
  const requests = mockRecommendations([entry("p1", 1), entry("p2", 2)]);
  const onAction = vi.fn();
  const onOpen = vi.fn();
  renderInApp(<RecommendationList customer="c1" model="knn" n={2} lastAction={null} onAction={onAction} onOpen={onOpen} />);
  const list = await screen.findByRole("list", { name: "Recommendations of knn" });
  expect(within(list).getAllByText(/Because of/)).toHaveLength(2);
  await userEvent.click(within(list).getByRole("button", { name: "Buy: Title p2" }));
  expect(onAction).toHaveBeenCalledWith(expect.objectContaining({ item: "p2" }), "purchase", undefined, "r1");
  await userEvent.click(within(list).getByRole("button", { name: "Title p1" }));
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ item: "p1" }), "r1");
  const sent = requests.filter((request) => request.path.endsWith("/feedback"));
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body).toMatchObject({ events: [{ item: "p1", event: "impression", recommendation_id: "r1" }, { item: "p2", event: "impression" }] });
});

test("after an action it says what changed", async () => {
  mockRecommendations([entry("p2", 1), entry("p3", 2)]);
  const lastAction = { item: "p1", title: "Title p1", event: "purchase", model: "knn", before: { knn: [entry("p1", 1), entry("p2", 2)] } };
  renderInApp(<RecommendationList customer="c1" model="knn" n={2} lastAction={lastAction} onAction={vi.fn()} onOpen={vi.fn()} />);
  const status = (await screen.findByText(/no longer recommended/)).closest("[role=status]");
  expect(status?.textContent).toContain("bought Title p1");
  expect(status?.textContent).toContain("Title p3 is new in the list");
  expect(status?.textContent).toContain("Title p2 rose by 1");
});

test("after a low rating it says what the rating changes and what not", async () => {
  mockRecommendations([entry("p2", 1)]);
  const lastAction = { item: "p1", title: "Title p1", event: "rating", rating: 1, model: "svd", before: { knn: [entry("p1", 1)] } };
  renderInApp(<RecommendationList customer="c1" model="knn" n={1} lastAction={lastAction} onAction={vi.fn()} onOpen={vi.fn()} />);
  const status = (await screen.findByText(/no longer recommended/)).closest("[role=status]");
  await waitFor(() => expect(status?.textContent).toContain("gave Title p1 1 of 5 stars, so it is"));
  expect(status?.textContent).toContain("rating a product means having chosen it");
  expect(document.activeElement).toBe(document.body); // the action was done in the other list
});
