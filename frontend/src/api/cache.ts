import { QueryClient } from "@tanstack/react-query";
import { Failure } from "./client";

const AGAIN = 3000; // ms between two attempts while the server is away

const passing = (error: unknown): boolean => !(error instanceof Failure) || error.status === 0 || error.status >= 500 || error.status === 429;

/** Answers are kept for a moment, asked for again twice where that may help, and every few seconds while the server is away. */
export function newQueryClient(): QueryClient {
  return new QueryClient({
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
}
