import type { Profile } from "../api/queries";
import { nounFor, pastTense } from "./eventKinds";
import { capitalise } from "./format";

type Shop = { events: Record<string, number> }; // the overview's count of events by kind
export type CountedEvents = { noun: string; last: string; kinds: string[] };

/**
 * Name the events that a customer's segment counts: purchases, or every interaction in data without purchases (such as film ratings).
 * `noun` labels their number, `last` the newest of them.
 */
export function countedEvents(customer: Profile, shop: Shop | undefined): CountedEvents {
  const purchases = customer.activity.reduce((sum, month) => sum + month.purchases, 0);
  const counted = customer.segment?.frequency ?? null;
  const sells = counted === null ? (shop?.events.purchase ?? 1) > 0 : counted === purchases;
  if (sells) return { noun: "Purchases", last: "Last purchase", kinds: ["purchase"] };
  const kinds = kindsOf(customer, shop);
  const [kind] = kinds;
  if (kinds.length !== 1 || !kind) return { noun: "Interactions", last: "Last active", kinds };
  return { noun: capitalise(nounFor(kind, 2)), last: `Last ${pastTense(kind)}`, kinds };
}

/** Return the kinds of events that the customer may have, from the history if it is complete, else from the whole data set. */
function kindsOf(customer: Profile, shop: Shop | undefined): string[] {
  const own = customer.history.map((event) => event.event);
  const others = customer.history.length < customer.n_events ? Object.keys(shop?.events ?? {}) : [];
  return [...new Set([...own, ...others])].filter((kind) => kind !== "impression");
}
