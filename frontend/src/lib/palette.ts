/** A fixed colour per model, the one that it has in the figures of the report (`customer360.config.PALETTE`; a test holds them together). */
export const PALETTE: Record<string, string> = {
  knn: "#0072B2",
  svd: "#009E73",
  tfidf: "#CC79A7",
  ncf: "#56B4E9",
  bert: "#E69F00",
  hybrid: "#D55E00",
  near: "#8A2BE2",
  bayes: "#772200",
  random: "#CFCFCF",
  popularity: "#A9A9A9",
  bias: "#868686",
  ease: "#4D4D4D",
};

/** The colour of a model; a variant has its model's, a stranger's is grey. */
export function colour(model: string): string {
  return PALETTE[model] ?? PALETTE[model.split("-")[0] ?? ""] ?? "#868686";
}

/** Colours of the kinds of events, from weak to strong. */
export const EVENT_COLOURS: Record<string, string> = {
  impression: "#ADB5BD",
  view: "#74C0FC",
  click: "#228BE6",
  cart: "#F59F00",
  purchase: "#2F9E44",
  rating: "#AE3EC9",
  like: "#E64980",
  dismiss: "#868E96",
};

export const KINDS = Object.keys(EVENT_COLOURS);

/** What somebody did, in the past tense. */
export const DID: Record<string, string> = {
  impression: "was shown",
  view: "viewed",
  click: "opened",
  cart: "put into the cart",
  purchase: "bought",
  rating: "rated",
  like: "liked",
  dismiss: "dismissed",
};

/** What somebody did with something, as the rest of a sentence that begins with who. */
export function didWith(event: string, title: string, stars?: number, most = 0): [before: string, title: string, after: string] {
  if (event === "cart") return ["put", title, "into the cart"];
  return [DID[event] ?? event, title, stars == null ? "" : `with ${stars} of ${most} stars`];
}

/** What a model is called in a narrow place: its label without what is in brackets. */
export const shortLabel = (label: string): string => label.split(" (")[0] ?? label;
