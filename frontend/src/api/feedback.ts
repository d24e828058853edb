import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client, type Schemas, told } from "./client";
import type { EventKind } from "./queries";

export type Deed = { customer: string; item: string; event: EventKind; rating?: number; recommendation_id?: string };

/** An id that makes sending the same deed twice harmless. */
export const newId = (): string => globalThis.crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`; // randomUUID wants https or localhost

function asEvent(deed: Deed): Schemas["FeedbackEvent"] {
  return { rating: null, recommendation_id: "", ...deed, timestamp: Math.floor(Date.now() / 1000), event_id: newId() };
}

/** Send what a customer did. All lists of that customer are asked for again when it is stored. */
export function useFeedback() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (deed: Deed) => told(client.POST("/api/v1/feedback", { body: { events: [asEvent(deed)] } })),
    onSuccess: async (_, deed) => {
      await queries.invalidateQueries({ queryKey: ["customer", deed.customer] });
      void queries.invalidateQueries({ queryKey: ["overview"], refetchType: "none" });
      void queries.invalidateQueries({ queryKey: ["experiments"], refetchType: "none" });
      void queries.invalidateQueries({ queryKey: ["item", deed.item, "customers"] });
    },
  });
}

/** Tell which items a list has shown: without it no click-through is known. Lost impressions are not sent again. */
export async function sendImpressions(customer: string, recommendation_id: string, items: string[]): Promise<void> {
  const events = items.map((item) => asEvent({ customer, item, event: "impression", recommendation_id }));
  try {
    await told(client.POST("/api/v1/feedback", { body: { events } }));
  } catch {
    // the list is on the screen all the same
  }
}
