import createClient, { type Middleware } from "openapi-fetch";
import { apiAddress } from "./address";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** An error response of the API, or status 0 if there was no response. `detail`: the API's own explanation, if it gave one. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    detail = "",
    readonly field: string | null = null,
  ) {
    super(detail || explanation(status));
    this.name = "ApiError";
  }
}

/** Say what went wrong where the API does not explain it itself. */
function explanation(status: number): string {
  if (status === 0) return "The server cannot be reached.";
  if (status >= 500) return `The server failed to process the request (error ${status}).`;
  if (status === 401) return "This request needs a valid API key.";
  if (status === 403) return "This API key does not permit the request.";
  if (status === 404) return "The server has nothing at this address.";
  if (status === 429) return "Too many requests in a short time.";
  return `The server rejected the request (error ${status}).`;
}

/** Return a heading for an error, and what to do about it. */
export function adviceFor(error: unknown): { title: string; advice: string } {
  if (!(error instanceof ApiError)) return { title: "This part could not be displayed", advice: "Try again; if it keeps failing, reload the page." };
  const { status } = error;
  if (status === 0) return { title: "No connection", advice: "Check that the server is running and that you are online. This page retries every few seconds." };
  if (status === 503) return { title: "Not available", advice: "Try again when this is resolved." };
  if (status >= 500) return { title: "Server error", advice: "The cause is on the server, not in what you entered. Try again; if it keeps failing, look at the server log." };
  if (status === 401) return { title: "API key required", advice: "Enter a key at the top of the page." };
  if (status === 403) return { title: "Not permitted", advice: "Use a key with the role that this needs, or open the page with the address that the server printed at its start." };
  if (status === 404 || status === 410) return { title: "Not found", advice: "It may have been removed. Check the address, or search for it." };
  if (status === 429) return { title: "Too many requests", advice: "Wait a few seconds and try again." };
  return { title: "Request rejected", advice: "Correct the input and try again." };
}

const STORAGE_KEY = "c360-key";

/** The API key of this browser tab; empty if none was entered. */
export const apiKey = {
  get: (): string => sessionStorage.getItem(STORAGE_KEY) ?? "",
  set(value: string): void {
    if (value) sessionStorage.setItem(STORAGE_KEY, value);
    else sessionStorage.removeItem(STORAGE_KEY);
  },
};

/** Keep the token that a server without keys prints with its address (`?token=...`), and take it out of the address bar. */
export function keepTokenOfAddress(): void {
  const address = new URL(location.href);
  const token = address.searchParams.get("token");
  if (token === null) return;
  if (token) apiKey.set(token);
  address.searchParams.delete("token");
  history.replaceState(history.state, "", address);
}

/** Return the request header that carries the API key. */
export function authHeaders(): Record<string, string> {
  return apiKey.get() ? { "X-API-Key": apiKey.get() } : {};
}

const authenticate: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(authHeaders())) request.headers.set(name, value);
    return request;
  },
};

export const client = createClient<paths>({
  baseUrl: apiAddress,
  fetch: (request) => globalThis.fetch(request),
});
client.use(authenticate);

type ApiResponse<T> = { data?: T; error?: unknown; response: Response };

/** Return the data of a response; throw an `ApiError` if the request failed. */
export async function unwrap<T>(request: Promise<ApiResponse<T>>): Promise<T> {
  let answer: ApiResponse<T>;
  try {
    answer = await request;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0);
  }
  const { status, ok } = answer.response;
  if (ok) return answer.data as T;
  const problem = answer.error as Partial<Schemas["Problem"]> | undefined;
  const gatewayOnly = status >= 502 && status <= 504 && !problem?.detail; // a proxy answered because the server itself did not
  throw new ApiError(gatewayOnly ? 0 : status, typeof problem?.detail === "string" ? problem.detail : "", problem?.field ?? null);
}
