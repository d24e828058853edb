import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, type Schemas, unwrap } from "./client";
import type { EventKind } from "./queries";

export type CustomerAction = { customer: string; item: string; event: EventKind; rating?: number; recommendation_id?: string };

/** Return a new event id; the API stores an event only once per id, however often it is sent. */
export const newEventId = (): string => globalThis.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`; // randomUUID needs https or localhost

function toEvent(action: CustomerAction): Schemas["FeedbackEvent"] {
  return { rating: null, recommendation_id: "", ...action, timestamp: Math.floor(Date.now() / 1000), event_id: newEventId() };
}

/** Store a customer's action, then refetch everything that depends on it. */
export function useFeedback() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (action: CustomerAction) => unwrap(client.POST("/api/v1/feedback", { body: { events: [toEvent(action)] } })),
    onSuccess: async (_, action) => {
      await queries.invalidateQueries({ queryKey: ["customer", action.customer] });
      void queries.invalidateQueries({ queryKey: ["overview"], refetchType: "none" });
      void queries.invalidateQueries({ queryKey: ["experiments"], refetchType: "none" });
      void queries.invalidateQueries({ queryKey: ["item", action.item, "customers"] });
    },
  });
}

/** Store which items of a list were displayed, the denominator of its click-through rate. Failures are ignored. */
export async function sendImpressions(customer: string, recommendation_id: string, items: string[]): Promise<void> {
  const events = items.map((item) => toEvent({ customer, item, event: "impression", recommendation_id }));
  try {
    await unwrap(client.POST("/api/v1/feedback", { body: { events } }));
  } catch {
    // the list is displayed all the same
  }
}
