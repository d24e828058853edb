export type Entry = { id: string; name: string; about: string };

const entry = (id: string, name: string, about: string): Entry => ({ id, name, about });

export const MEASURES = [
  entry("ndcg", "nDCG@10", "Each customer is shown ten products; every right one counts, and counts more the nearer it is to the top. 1 is a perfect order, 0 means that none was right."),
  entry("precision", "Precision@10", "The share of the ten recommended products that the customer chose in the events held out from training."),
  entry("recall", "Recall@10", "The share of the products that the customer chose in the events held out from training that are among the ten recommended."),
  entry("rmse", "RMSE", "Root mean squared error: how far predicted ratings are from those given, in points of the rating scale. Large errors weigh more; lower is better."),
  entry("coverage", "Coverage", "The share of the catalogue that a model recommends to at least one customer among their top ten."),
  entry("interval", "95% interval", "Other customers would give a slightly different figure; intervals computed this way contain the true one in 95 of 100 cases."),
  entry("significance", "Significantly worse", "In a paired test over the same customers, a difference from the best model as large as this would arise by chance in fewer than 5 of 100 cases, corrected for the number of comparisons (Holm). A model of which that is not so cannot be told apart from the best."),
  entry("click-through", "Click-through rate", "The share of the recommended products that the customer clicked."),
  entry("conversion", "Conversion rate", "The share of the recommended products that the customer bought, added to the cart or liked."),
  entry("off-policy", "Off-policy estimate", "What a model would have achieved, computed from lists that another model has shown: a list counts more the more often this model would have shown it too. Possible only where chance has filled some positions, and imprecise where the two models differ much."),
  entry("effective-customers", "Customers behind it", "As many customers with equal weight would say as much. If a few customers make up most of the estimate, it is far below the number of customers in the test."),
  entry("predicted-rating", "Predicted rating", "The stars that the customer is expected to give. Lists are not sorted by it: people often choose what they go on to rate as average, and seldom choose everything that they would rate highly."),
  entry("training-loss", "Training loss", "What a network minimises while it learns to rank products: minus the logarithm of the probability that it gives to the products the customer chose. Lower is better."),
  entry("new-item", "New item", "A product without any interactions, so that a model knows only its description."),
];

/** Keyed by the labels of `customer360.serving.profile.segment`; a test keeps the two in step. */
export const SEGMENTS = [
  entry("champion", "Champion", "Active recently and often: in the top two fifths of customers on both."),
  entry("promising", "Promising", "Active recently, and a few times before."),
  entry("new", "New", "Active recently, and rarely before."),
  entry("loyal", "Loyal", "Active often; the last time was neither recent nor long ago."),
  entry("occasional", "Occasional", "Active now and then; the last time was neither recent nor long ago."),
  entry("at risk", "At risk", "Active several times, but not for a long time."),
  entry("asleep", "Lapsed", "Active rarely, and not for a long time."),
];

const entries = new Map([...MEASURES, ...SEGMENTS].map((one) => [one.id, one]));

/** Look a term up. */
export const lookUp = (id: string): Entry | undefined => entries.get(id);

/** Return the name of a segment, in lower case as within a sentence. */
export const segmentName = (label: string): string => SEGMENTS.find((segment) => segment.id === label)?.name.toLowerCase() ?? label;

/** Return the HTML id of an entry on the glossary page. */
export const anchorOf = (id: string): string => encodeURIComponent(id.replaceAll(" ", "-"));

/** Return the address of an entry on the glossary page. */
export const glossaryAddress = (id: string): string => `/glossary#${anchorOf(id)}`;
