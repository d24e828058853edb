export type Word = { id: string; name: string; about: string };

const word = (id: string, name: string, about: string): Word => ({ id, name, about });

export const MEASURES = [
  word("ndcg", "nDCG@10", "Ten products are shown to each customer; every right one counts, the more the nearer it stands to the top. 1 is a perfect order, 0 is none right."),
  word("precision", "Precision@10", "The share of the ten products shown that are among those that the customer chose in the events held out from training."),
  word("recall", "Recall@10", "The share of the products that the customer chose in the events held out from training that are among the ten shown."),
  word("rmse", "RMSE", "How far predicted ratings are from those that were given, in points of the scale; large errors count more, and lower is better."),
  word("coverage", "Coverage", "The share of the catalogue that a model shows to at least one customer among their ten products."),
  word("interval", "Interval", "Other customers would give a slightly different figure; intervals made this way hold the true one in 95 of 100 cases."),
  word("mark", "Significantly worse", "Compared customer by customer with the best model, so large a difference would come about by chance in fewer than 5 of 100 cases, with the many comparisons allowed for (Holm)."),
  word("clicked", "Clicked", "The share of the products shown that the customer opened."),
  word("bought", "Bought or liked", "The share of the products shown that the customer bought, put into the cart or liked."),
  word("stars", "Would rate", "The stars that the customer is expected to give. The order of a list does not follow them: people often choose what they then rate middling, and seldom what they would rate highly but have no use for."),
  word("nats", "Nats", "The unit of a network's loss while it learns what to show; one nat less means that it gives the right product 2.7 times the chance."),
  word("cold", "Cold item", "A product with which nobody has done anything yet, so that a model knows only its text."),
];

/** By the labels of `customer360.serving.profile.segment`; a test holds them together. */
export const SEGMENTS = [
  word("champion", "Champion", "Bought recently and buys often, in both among the upper two fifths of the customers."),
  word("promising", "Promising", "Bought recently, and has bought a few times."),
  word("new", "New", "Bought recently, and seldom before."),
  word("loyal", "Loyal", "Buys often; the last purchase is neither recent nor long ago."),
  word("occasional", "Occasional", "Buys now and then; the last purchase is neither recent nor long ago."),
  word("at risk", "At risk", "Has bought several times, but the last purchase is long ago."),
  word("asleep", "Asleep", "Has bought seldom, and the last purchase is long ago."),
];

/** By the keys of the models, as `PALETTE` has them. */
export const MODELS = [
  word("knn", "User kNN", "Looks for the customers who are most alike and shows what they chose."),
  word("svd", "SVD", "Describes customers and products by a few numbers each, such that they fit where somebody chose something."),
  word("tfidf", "TF-IDF", "Compares the words of a product's text with those of what the customer chose."),
  word("ncf", "NCF", "A neural network that reads what a customer has done and scores every product from it."),
  word("bert", "BERT", "A language model reads each product's text; what reads like the customer's choices is shown."),
  word("hybrid", "Hybrid", "Weighs the answers of several models, differently for regulars, for visitors and for new products."),
  word("near", "EASE near in time and text", "EASE that also knows when things were chosen and what is written about them."),
  word("bayes", "Bayesian MF", "Numbers for customers and products as in SVD, averaged over all that the ratings leave possible."),
  word("ease", "EASE", "Learns in one step how much each product speaks for each other one."),
  word("popularity", "Popularity", "Shows everybody what most customers chose; what the others are measured against."),
  word("bias", "Biases alone", "Predicts ratings from how kindly the customer and how well the product is rated on average."),
  word("random", "Random order", "Shows products by chance; the least that any model has to beat."),
];

const all = new Map([...MEASURES, ...MODELS].map((one) => [one.id, one]));

export const known = (id: string): Word | undefined => all.get(id);

/** Where a word stands on the page of words. */
export const place = (id: string): string => `/words#${encodeURIComponent(id.replaceAll(" ", "-"))}`;
