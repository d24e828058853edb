import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Pick } from "../api/queries";
import { draw, serve } from "../test-tools";
import { RecommendationList } from "./RecommendationList";

const pick = (item: string, rank: number): Pick =>
  ({ item, title: `Title ${item}`, category: "Home", price: 9.5, rank, score: 1, probability: 1, rating: 4.2, by: "model", reasons: [{ kind: "item", item: "p9", title: "Lamp", word: null, share: 0.5 }] }) as Pick;

function answers(items: Pick[]) {
  return serve(({ path, method }) => {
    if (path.includes("/recommendations")) return { body: { recommendation_id: "r1", customer: "c1", model: "knn", version: "1", cold_start: false, n_history: 3, items } };
    if (path.includes("/overview")) return { body: { scale: [1, 5], models: [], months: [], events: {}, categories: [] } };
    if (method === "POST") return { body: { receipts: [] } };
    return { body: { models: [{ key: "knn", label: "User kNN (idf)", figures: [], default: true }] } };
  });
}

test("items with their reasons; every button says on which item it acts; what is shown is told to the API", async () => {
  const seen = answers([pick("p1", 1), pick("p2", 2)]);
  const onAct = vi.fn();
  const onOpen = vi.fn();
  draw(<RecommendationList customer="c1" model="knn" n={2} last={null} onAct={onAct} onOpen={onOpen} />);
  const list = await screen.findByRole("list", { name: "Recommendations of knn" });
  expect(within(list).getAllByText(/Because of/)).toHaveLength(2);
  await userEvent.click(within(list).getByRole("button", { name: "Buy: Title p2" }));
  expect(onAct).toHaveBeenCalledWith(expect.objectContaining({ item: "p2" }), "purchase", undefined, "r1");
  await userEvent.click(within(list).getByRole("button", { name: "Title p1" }));
  expect(onOpen).toHaveBeenCalledWith(expect.objectContaining({ item: "p1" }), "r1");
  const sent = seen.filter((asked) => asked.path.endsWith("/feedback"));
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body).toMatchObject({ events: [{ item: "p1", event: "impression", recommendation_id: "r1" }, { item: "p2", event: "impression" }] });
});

test("after a deed it says what changed", async () => {
  answers([pick("p2", 1), pick("p3", 2)]);
  const last = { item: "p1", title: "Title p1", event: "purchase", model: "knn", before: { knn: [pick("p1", 1), pick("p2", 2)] } };
  draw(<RecommendationList customer="c1" model="knn" n={2} last={last} onAct={vi.fn()} onOpen={vi.fn()} />);
  const told = (await screen.findByText(/no longer suggested/)).closest("[role=status]");
  expect(told?.textContent).toContain("bought Title p1");
  expect(told?.textContent).toContain("Title p3 is new in the list");
  expect(told?.textContent).toContain("Title p2 rose by 1");
});

test("after few stars it says what they do and what they do not", async () => {
  answers([pick("p2", 1)]);
  const last = { item: "p1", title: "Title p1", event: "rating", rating: 1, model: "svd", before: { knn: [pick("p1", 1)] } };
  draw(<RecommendationList customer="c1" model="knn" n={1} last={last} onAct={vi.fn()} onOpen={vi.fn()} />);
  const told = (await screen.findByText(/no longer suggested/)).closest("[role=status]");
  await waitFor(() => expect(told?.textContent).toContain("rated Title p1 with 1 of 5 stars, so it is"));
  expect(told?.textContent).toContain("whoever rates a thing has chosen it");
  expect(document.activeElement).toBe(document.body); // it was done in the other list
});
