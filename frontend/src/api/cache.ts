import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Failure } from "./client";

const AGAIN = 3000; // ms between two attempts while the server is away

const HEALTH = ["whoami"]; // asked on every page

const passing = (error: unknown): boolean => !(error instanceof Failure) || error.status === 0 || error.status >= 500 || error.status === 429;

/** Answers are kept for a moment, asked for again twice where that may help, and every few seconds while the server is away. */
export function newQueryClient(): QueryClient {
  let away = false;
  const noticed = (error: unknown): void => {
    if (!(error instanceof Failure) || error.status !== 0 || away) return;
    away = true;
    void client.invalidateQueries({ queryKey: HEALTH }); // the one that says so at the top, and asks until it is back
  };
  const client = new QueryClient({
    queryCache: new QueryCache({
      onError: noticed,
      onSuccess: (_, query) => {
        if (!away || query.queryKey[0] !== HEALTH[0]) return;
        away = false;
        void client.invalidateQueries({ predicate: (one) => one !== query }); // what was missed meanwhile
      },
    }),
    mutationCache: new MutationCache({ onError: noticed }),
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        networkMode: "always",
        refetchOnWindowFocus: false,
        retry: (times, error) => passing(error) && times < 2,
        retryDelay: (times) => 400 * 2 ** times,
        refetchInterval: (query) => (query.state.status === "error" && passing(query.state.error) ? AGAIN : false),
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
  return client;
}
