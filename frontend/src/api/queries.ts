import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, type Schemas, unwrap } from "./client";

export type Overview = Schemas["Overview"];
export type Model = Schemas["Model"];
export type Retrainings = Schemas["Retrainings"];
export type RetrainRun = Schemas["RetrainRun"];
export type ModelDecision = Schemas["Decision"];
export type DefaultBy = Schemas["DefaultBy"];
export type Figure = Schemas["Figure"];
export type Findings = Schemas["Findings"];
export type StatedFindings = Schemas["StatedFindings"];
export type Ranking = Schemas["Ranking"];
export type ModelPlace = Schemas["ModelPlace"];
export type Profile = Schemas["Profile"];
export type Recommendations = Schemas["Recommendations"];
export type RecommendedItem = Schemas["Pick"];
export type Reason = Schemas["Reason"];
export type Item = Schemas["Item"];
export type ContextEvent = Schemas["Act"];
export type EventKind = Schemas["Receipt"]["event"];
export type StoredEvent = Schemas["StoredEvent"];
export type Experiments = Schemas["Experiments"];
export type OffPolicy = Schemas["OffPolicy"];
export type PolicyEstimate = Schemas["PolicyEstimate"];
export type VersionAgreement = Schemas["VersionAgreement"];
export type Reward = "clicked" | "converted";
export type OnlineRate = "click_through" | "conversion";

const RARELY_CHANGES = 60_000; // ms that such a response stays fresh

export const overview = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/overview", { signal })),
});

const modelList = {
  queryKey: ["models"],
  queryFn: ({ signal }: { signal: AbortSignal }) => unwrap(client.GET("/api/v1/models", { signal })),
  staleTime: RARELY_CHANGES,
};

export const models = queryOptions({ ...modelList, select: (found) => [...found.models].sort(byFigure) });

/** By what the default model was chosen. */
export const defaultBy = queryOptions({ ...modelList, select: (found) => found.default_by });

/** A model with the figures of each kept version and what was decided about challengers. */
export const modelDetails = (key: string) =>
  queryOptions({
    queryKey: ["models", key],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/models/{key}", { params: { path: { key } }, signal })),
    enabled: key !== "",
  });

/** Compare two models: the default comes first, then the one with the higher nDCG@10. */
function byFigure(a: Model, b: Model): number {
  const value = (model: Model): number => (model.default ? Infinity : (model.figures?.find((figure) => figure.metric === "ndcg" && figure.k === 10)?.value ?? 0));
  return value(b) - value(a) || a.key.localeCompare(b.key);
}

/** Reasons to retrain, the retraining that is running, and the last ones; asked again every two seconds while one is running. */
export const retrainings = queryOptions({
  queryKey: ["retrain"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/retrain", { signal })),
  refetchInterval: ({ state }) => (state.data?.running ? 2_000 : false),
});

/** Which model to use, which are as good, and what each costs: ranked and worded by the server. */
export const findings = queryOptions({
  queryKey: ["findings"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/findings", { signal })),
  staleTime: RARELY_CHANGES,
});

export const training = (key: string) =>
  queryOptions({
    queryKey: ["training", key],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/models/{key}/training", { params: { path: { key } }, signal })),
    staleTime: RARELY_CHANGES,
  });

export const experiments = queryOptions({
  queryKey: ["experiments"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/experiments", { signal })),
});

const OFF_POLICY_DAYS = 30;

/** What each model would have achieved in the lists of A/B tests; asked again every two seconds while the server computes it. */
export const offPolicy = (reward: Reward) =>
  queryOptions({
    queryKey: ["offpolicy", reward],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/experiments/offpolicy", { params: { query: { reward, days: OFF_POLICY_DAYS } }, signal })),
    staleTime: RARELY_CHANGES,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.computing ? 2_000 : false),
  });

/** The offline figure of each version beside the rate that its recommendations achieved. */
export const onlineAgreement = (rate: OnlineRate) =>
  queryOptions({
    queryKey: ["online-agreement", rate],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/models/online-agreement", { params: { query: { metric: "ndcg", rate } }, signal })),
    staleTime: RARELY_CHANGES,
    placeholderData: keepPreviousData,
  });

export const whoami = queryOptions({
  queryKey: ["whoami"],
  queryFn: ({ signal }) => unwrap(client.GET("/api/v1/whoami", { signal })),
  staleTime: RARELY_CHANGES,
});

export const customers = (search: string, limit = 20) =>
  queryOptions({
    queryKey: ["customers", search, limit],
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/v1/customers", { params: { query: { search, limit } }, signal }))).customers,
    placeholderData: keepPreviousData,
  });

export const profile = (customer: string) =>
  queryOptions({
    queryKey: ["customer", customer, "profile"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/customers/{customer}", { params: { path: { customer } }, signal })),
  });

const SANDBOX_REQUEST = { category: "", repeat: false, diversity: 0, explain: true, surface: "sandbox" };

/** One list for each request, all or none: the other kind of answer is to requests with `partial`. */
async function listsFor(requests: Schemas["RecommendationRequest"][], signal: AbortSignal): Promise<Recommendations[]> {
  const told = await unwrap(client.POST("/api/v1/recommendations", { body: { requests }, signal }));
  return "answers" in told ? told.answers : [];
}

/** What a model would recommend to a customer who had done this too. Asked for in the sandbox, so nothing is recorded. */
export const recommendations = (customer: string, tried: ContextEvent[], model: string, n: number) =>
  queryOptions({
    queryKey: ["customer", customer, "recommendations", model, n, tried],
    queryFn: async ({ signal }) => {
      const requests = [{ ...SANDBOX_REQUEST, customer, history: tried, exclude: [], model, n, cold_start: false }];
      const [answer] = await listsFor(requests, signal);
      return answer as Recommendations; // one per request
    },
    placeholderData: keepPreviousData, // while the list after the next trial is on its way
  });

/** What each model recommends to an anonymous visitor who has only looked at these items. */
export const visitorRecommendations = (itemIds: string[], modelKeys: string[], n: number) =>
  queryOptions({
    queryKey: ["visitor", itemIds, modelKeys, n],
    queryFn: async ({ signal }) => {
      const history = itemIds.map((item) => ({ item, event: "click" as const }));
      const requests = modelKeys.map((model) => ({ ...SANDBOX_REQUEST, customer: "", history, exclude: itemIds, model, n, cold_start: true }));
      return listsFor(requests, signal);
    },
    enabled: itemIds.length > 0 && modelKeys.length > 0,
    placeholderData: keepPreviousData,
  });

export const item = (id: string) =>
  queryOptions({
    queryKey: ["item", id],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/items/{item}", { params: { path: { item: id } }, signal })),
    staleTime: RARELY_CHANGES,
  });

/** Items related to one: by `text` those with the most similar text; by `behaviour` what the default model recommends with this item as the whole history. */
export const similar = (id: string, by: "behaviour" | "text", n = 8) =>
  queryOptions({
    queryKey: ["item", id, "similar", by, n],
    queryFn: async ({ signal }) =>
      (await unwrap(client.GET("/api/v1/items/{item}/similar", { params: { path: { item: id }, query: { by, n } }, signal }))).items,
    staleTime: RARELY_CHANGES,
  });

export const customersOf = (id: string) =>
  queryOptions({
    queryKey: ["item", id, "customers"],
    queryFn: ({ signal }) => unwrap(client.GET("/api/v1/items/{item}/customers", { params: { path: { item: id }, query: { n: 15 } }, signal })),
  });

export const items = (search: string, category: string, limit = 24) =>
  infiniteQueryOptions({
    queryKey: ["items", search, category, limit],
    queryFn: ({ signal, pageParam }) =>
      unwrap(client.GET("/api/v1/items", { params: { query: { search, category, limit, cursor: pageParam } }, signal })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const popular = (n: number, category = "") =>
  queryOptions({
    queryKey: ["popular", n, category],
    queryFn: async ({ signal }) => (await unwrap(client.GET("/api/v1/popular", { params: { query: { n, category } }, signal }))).items,
    staleTime: RARELY_CHANGES,
  });

export const search = (q: string, customer: string, category: string, n: number) =>
  queryOptions({
    queryKey: ["search", q, customer, category, n],
    queryFn: async ({ signal }) =>
      (await unwrap(client.GET("/api/v1/search", { params: { query: { q, customer, category, n } }, signal }))).items,
    enabled: q.trim() !== "",
    placeholderData: keepPreviousData,
  });
