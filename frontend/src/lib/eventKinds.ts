import type { EventKind } from "../api/queries";

type Description = {
  colour: string;
  noun: [singular: string, plural: string];
  past: string; // what the customer did
};

/** How the page names and colours each kind of event, from the weakest sign of interest to the strongest. The only list of kinds. */
export const EVENT_KINDS: Record<EventKind, Description> = {
  impression: { colour: "#ADB5BD", noun: ["impression", "impressions"], past: "was shown" },
  view: { colour: "#74C0FC", noun: ["view", "views"], past: "viewed" },
  click: { colour: "#228BE6", noun: ["click", "clicks"], past: "clicked" },
  cart: { colour: "#F59F00", noun: ["cart addition", "cart additions"], past: "added to cart" },
  purchase: { colour: "#2F9E44", noun: ["purchase", "purchases"], past: "bought" },
  rating: { colour: "#AE3EC9", noun: ["rating", "ratings"], past: "rated" },
  like: { colour: "#E64980", noun: ["like", "likes"], past: "liked" },
  dismiss: { colour: "#868E96", noun: ["dismissal", "dismissals"], past: "dismissed" },
};

export const KINDS = Object.keys(EVENT_KINDS) as EventKind[];

const described = (kind: string): Description | undefined => (EVENT_KINDS as Record<string, Description>)[kind];

/** Return what a customer did, in the past tense. */
export const pastTense = (kind: string): string => described(kind)?.past ?? kind;

/** Return the noun for `n` events of a kind. */
export const nounFor = (kind: string, n: number): string => described(kind)?.noun[n === 1 ? 0 : 1] ?? kind;

/** Return what a customer did with an item, as the three parts of a sentence after its subject; the title stands in the middle. */
export function describeAction(kind: string, title: string, stars?: number, maximum = 0): [before: string, title: string, after: string] {
  if (kind === "cart") return ["added", title, "to the cart"];
  if (kind === "rating" && stars != null) return ["gave", title, `${stars} of ${maximum} stars`];
  return [pastTense(kind), title, ""];
}
