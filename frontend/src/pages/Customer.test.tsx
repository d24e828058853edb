import { act, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Route, Routes } from "react-router";
import { beforeEach, expect, test } from "vitest";
import { forgetMemory } from "../lib/sandbox";
import { mockApi, renderInApp } from "../test-utils";
import CustomerPage from "./Customer";

const rated = Array.from({ length: 50 }, (_, at) => ({ item: `f${at}`, title: `Film ${at}`, event: "rating", rating: 4, timestamp: 880_000_000 - at }));
const profile = {
  id: "196",
  attributes: {},
  n_events: 59,
  history: rated,
  activity: [{ month: "1997-11", events: 59, purchases: 0 }],
  categories: [{ category: "Action|Adventure|Sci-Fi", share: 0.4 }],
  segment: { recency_days: 3, frequency: 59, monetary: null, label: "champion" },
  nearest: [],
  merged: [],
  experiment: null,
};

beforeEach(() => {
  sessionStorage.clear();
  forgetMemory();
});

test("film ratings are called ratings, and their genres are split", async () => {
  mockApi(({ path }) => {
    if (path.includes("/overview")) return { body: { scale: [1, 5], events: { rating: 100_000 }, months: [], categories: [], models: [] } };
    if (path.includes("/models")) return { body: { models: [] } };
    return path.includes("/whoami") ? { body: { role: "read" } } : { body: profile };
  });
  renderInApp(
    <Routes>
      <Route path="/customers/:customer" element={<CustomerPage />} />
    </Routes>,
    "/customers/196",
  );
  const panel = await screen.findByRole("region", { name: "Profile" });
  expect((await within(panel).findByText("Ratings")).nextSibling?.textContent).toBe("59");
  expect(within(panel).getByText("Last rated").nextSibling?.textContent).toContain("1997");
  expect(panel.textContent).not.toMatch(/purchase|bought|spent/i);
  expect(await screen.findByText("Action, Adventure, Sci-Fi")).toBeTruthy();
});

const pick = (item: string, rank: number) => ({ item, title: `Title ${item}`, category: "Home", price: 9, rank, score: 1, probability: 1, rating: null, by: "model", reasons: [] });

/** An API that recommends p1, p2 and p3, less what was bought. */
function mockShop(status = 200) {
  return mockApi(({ path, body }) => {
    if (path.includes("/recommendations")) {
      const history = (body as { requests: { history: { item: string }[] }[] }).requests[0]?.history ?? [];
      if (history.length && status !== 200) return { status, body: { detail: "the store is locked" } };
      const items = ["p1", "p2", "p3"].filter((item) => !history.some((event) => event.item === item)).map((item, at) => pick(item, at + 1));
      return { body: { answers: [{ recommendation_id: "", customer: "196", model: "knn", version: "1", cold_start: false, n_history: 3, items }] } };
    }
    if (path.includes("/overview")) return { body: { scale: null, events: {}, months: [], categories: [], models: [] } };
    if (path.includes("/models")) return { body: { models: [{ key: "knn", label: "User kNN", default: true, figures: [] }] } };
    return { body: path.includes("/whoami") ? { role: "read" } : profile };
  });
}

const page = (
  <Routes>
    <Route path="/customers/:customer" element={<CustomerPage />} />
  </Routes>
);

test("what is tried updates the list at once, is stored in the tab alone, and survives a reload until it is cleared", async () => {
  const requests = mockShop();
  const { unmount } = renderInApp(page, "/customers/196");
  await userEvent.click(await screen.findByRole("button", { name: "Buy: Title p1" }));
  expect(await screen.findByText(/would no longer be recommended/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Buy: Title p1" })).toBeNull();
  unmount();
  act(() => forgetMemory());
  renderInApp(page, "/customers/196"); // the page is loaded anew
  expect(await screen.findByRole("button", { name: /own feedback: bought Title p1/ })).toBeTruthy();
  await screen.findByRole("button", { name: "Buy: Title p2" });
  expect(screen.queryByRole("button", { name: "Buy: Title p1" })).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: "Clear sandbox" }));
  expect(await screen.findByRole("button", { name: "Buy: Title p1" })).toBeTruthy();
  expect(requests.filter((request) => request.path.includes("/feedback"))).toEqual([]);
});

test("what cannot be tried is taken back", async () => {
  mockShop(422);
  renderInApp(page, "/customers/196");
  await userEvent.click(await screen.findByRole("button", { name: "Buy: Title p1" }));
  await waitFor(() => expect(sessionStorage.getItem("c360-sandbox")).toBe("{}"));
  expect(screen.getByRole("button", { name: "Buy: Title p1" })).toBeTruthy();
  expect(screen.queryByRole("region", { name: "Sandbox" })).toBeNull();
});
