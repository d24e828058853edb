import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, type Schemas, told } from "./client";

export type Overview = Schemas["Overview"];
export type Model = Schemas["Model"];
export type Figure = Schemas["Figure"];
export type Comparison = Schemas["Comparison"];
export type Profile = Schemas["Profile"];
export type Recommendations = Schemas["Recommendations"];
export type Pick = Schemas["Pick"];
export type Reason = Schemas["Reason"];
export type Item = Schemas["Item"];
export type EventKind = Schemas["FeedbackEvent"]["event"];
export type StoredEvent = Schemas["StoredEvent"];
export type Experiments = Schemas["Experiments"];

const SLOW = 60_000; // ms; what changes a few times a day at the most

export const overview = queryOptions({
  queryKey: ["overview"],
  queryFn: ({ signal }) => told(client.GET("/api/v1/overview", { signal })),
});

export const models = queryOptions({
  queryKey: ["models"],
  queryFn: async ({ signal }) => (await told(client.GET("/api/v1/models", { signal }))).models.sort(byFigure),
  staleTime: SLOW,
});

/** The default first, then the best by nDCG@10. */
function byFigure(a: Model, b: Model): number {
  const value = (model: Model): number => (model.default ? Infinity : (model.figures?.find((one) => one.metric === "ndcg" && one.k === 10)?.value ?? 0));
  return value(b) - value(a) || a.key.localeCompare(b.key);
}

export const comparisons = queryOptions({
  queryKey: ["comparisons"],
  queryFn: ({ signal }) => told(client.GET("/api/v1/comparisons", { signal })),
  staleTime: SLOW,
});

export const training = (key: string) =>
  queryOptions({
    queryKey: ["training", key],
    queryFn: ({ signal }) => told(client.GET("/api/v1/models/{key}/training", { params: { path: { key } }, signal })),
    staleTime: SLOW,
  });

export const experiments = queryOptions({
  queryKey: ["experiments"],
  queryFn: ({ signal }) => told(client.GET("/api/v1/experiments", { signal })),
});

export const whoami = queryOptions({
  queryKey: ["whoami"],
  queryFn: ({ signal }) => told(client.GET("/api/v1/whoami", { signal })),
  staleTime: SLOW,
});

export const customers = (search: string, limit = 20) =>
  queryOptions({
    queryKey: ["customers", search, limit],
    queryFn: async ({ signal }) => (await told(client.GET("/api/v1/customers", { params: { query: { search, limit } }, signal }))).customers,
    placeholderData: keepPreviousData,
  });

export const profile = (customer: string) =>
  queryOptions({
    queryKey: ["customer", customer, "profile"],
    queryFn: ({ signal }) => told(client.GET("/api/v1/customers/{customer}", { params: { path: { customer } }, signal })),
  });

export const recommendations = (customer: string, model: string, n: number) =>
  queryOptions({
    queryKey: ["customer", customer, "recommendations", model, n],
    queryFn: ({ signal }) =>
      told(client.GET("/api/v1/customers/{customer}/recommendations", { params: { path: { customer }, query: { model, n } }, signal })),
  });

/** What each model would show to somebody of whom only these products are known. */
export const forVisitor = (picks: string[], keys: string[], n: number) =>
  queryOptions({
    queryKey: ["visitor", picks, keys, n],
    queryFn: async ({ signal }) => {
      const history = picks.map((item) => ({ item, event: "click" as const }));
      const requests = keys.map((model) => ({ ...ASKED, history, exclude: picks, model, n }));
      return (await told(client.POST("/api/v1/recommendations", { body: { requests }, signal }))).answers;
    },
    enabled: picks.length > 0 && keys.length > 0,
    placeholderData: keepPreviousData,
  });

const ASKED = { customer: "", category: "", repeat: false, cold_start: true, explain: true };

export const item = (id: string) =>
  queryOptions({
    queryKey: ["item", id],
    queryFn: ({ signal }) => told(client.GET("/api/v1/items/{item}", { params: { path: { item: id } }, signal })),
    staleTime: SLOW,
  });

export const similar = (id: string, by: "behaviour" | "text", n = 8) =>
  queryOptions({
    queryKey: ["item", id, "similar", by, n],
    queryFn: async ({ signal }) =>
      (await told(client.GET("/api/v1/items/{item}/similar", { params: { path: { item: id }, query: { by, n } }, signal }))).items,
    staleTime: SLOW,
  });

export const customersOf = (id: string) =>
  queryOptions({
    queryKey: ["item", id, "customers"],
    queryFn: ({ signal }) => told(client.GET("/api/v1/items/{item}/customers", { params: { path: { item: id }, query: { n: 15 } }, signal })),
  });

export const items = (search: string, category: string, limit = 24) =>
  infiniteQueryOptions({
    queryKey: ["items", search, category, limit],
    queryFn: ({ signal, pageParam }) =>
      told(client.GET("/api/v1/items", { params: { query: { search, category, limit, cursor: pageParam } }, signal })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: keepPreviousData,
  });

export const popular = (n: number, category = "") =>
  queryOptions({
    queryKey: ["popular", n, category],
    queryFn: async ({ signal }) => (await told(client.GET("/api/v1/popular", { params: { query: { n, category } }, signal }))).items,
    staleTime: SLOW,
  });

export const search = (q: string, customer: string, category: string, n: number) =>
  queryOptions({
    queryKey: ["search", q, customer, category, n],
    queryFn: async ({ signal }) =>
      (await told(client.GET("/api/v1/search", { params: { query: { q, customer, category, n } }, signal }))).items,
    enabled: q.trim() !== "",
    placeholderData: keepPreviousData,
  });
