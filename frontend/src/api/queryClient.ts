import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

const RETRY_INTERVAL = 3000; // ms between two attempts while the server is unreachable

const CALLER = "whoami"; // key of the query that every page makes

const isTransient = (error: unknown): boolean => !(error instanceof ApiError) || error.status === 0 || error.status >= 500 || error.status === 429;

/** Create the query cache: responses stay fresh for ten seconds, transient errors are retried twice and then polled. */
export function createQueryClient(): QueryClient {
  let unreachable = false;
  const noteFailure = (error: unknown): void => {
    if (!(error instanceof ApiError) || error.status !== 0 || unreachable) return;
    unreachable = true;
    void client.invalidateQueries({ queryKey: [CALLER] }); // shows the alert at the top of the page, and polls until the server is back
  };
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: noteFailure,
      onSuccess: (_, query) => {
        if (!unreachable || query.queryKey[0] !== CALLER) return;
        unreachable = false;
        void client.invalidateQueries({ predicate: (other) => other !== query }); // refetch what was missed in the meantime
      },
    }),
    mutationCache: new MutationCache({ onError: noteFailure }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        networkMode: "always",
        refetchOnWindowFocus: false,
        retry: (failures, error) => isTransient(error) && failures < 2,
        retryDelay: (failures) => 400 * 2 ** failures,
        refetchInterval: (query) => (query.state.status === "error" && isTransient(query.state.error) ? RETRY_INTERVAL : false),
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
  return client;
}
