import { screen, within } from "@testing-library/react";
import { Route, Routes } from "react-router";
import { expect, test } from "vitest";
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
