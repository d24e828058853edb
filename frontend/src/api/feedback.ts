import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, type Schemas, unwrap } from "./client";
import type { EventKind } from "./queries";

export type CustomerAction = { customer: string; item: string; event: EventKind; rating?: number; timestamp: number; event_id: string };

/** Return a new event id; the API stores an event only once per id, however often it is sent. */
export const newEventId = (): string => globalThis.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`; // randomUUID needs https or localhost

/** An event that a member of staff records for a customer: the surface says so, and keeps it out of online figures. */
function toEvent(action: CustomerAction): Schemas["FeedbackEvent"] {
  return { rating: null, recommendation_id: "", ...action, surface: "staff" };
}

/** Store what a customer did, on their behalf, then refetch everything that depends on it. */
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
