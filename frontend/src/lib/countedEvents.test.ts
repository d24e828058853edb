import { expect, test } from "vitest";
import type { Profile } from "../api/queries";
import { countedEvents } from "./countedEvents";

const customer = (events: string[], frequency: number | null, purchases = 0, n_events = events.length): Profile =>
  ({
    history: events.map((event) => ({ item: "i", event, timestamp: 0 })),
    n_events,
    activity: [{ month: "2026-01", events: n_events, purchases }],
    segment: frequency === null ? null : { frequency },
  }) as unknown as Profile;
const overview = (events: Record<string, number>) => ({ events });

test("59 film ratings are ratings, not purchases", () => {
  const films = overview({ rating: 100_000 });
  const rated = Array.from({ length: 50 }, () => "rating");
  expect(countedEvents(customer(rated, 59, 0, 59), films)).toMatchObject({ noun: "Ratings", last: "Last rated" });
});

test("a shop counts purchases, also for a customer without any", () => {
  const shop = overview({ view: 40_000, purchase: 6_000 });
  expect(countedEvents(customer(["view", "purchase"], 1, 1), shop)).toMatchObject({ noun: "Purchases", last: "Last purchase" });
  expect(countedEvents(customer(["view"], null), shop)).toMatchObject({ noun: "Purchases" });
});

test("where several kinds of events count, they are interactions", () => {
  expect(countedEvents(customer(["rating", "click"], 2), overview({ rating: 10, click: 1 }))).toMatchObject({ noun: "Interactions", last: "Last active" });
  expect(countedEvents(customer(["rating"], 2, 0, 2), overview({ rating: 10, like: 1 }))).toMatchObject({ noun: "Interactions" });
});
