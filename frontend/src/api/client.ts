import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** What the API answers when something is wrong, or that it did not answer at all (status 0). */
export class Failure extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly field: string | null = null,
  ) {
    super(detail);
    this.name = "Failure";
  }
}

const KEY = "c360-key";

/** The API key that this tab sends along; empty where the server asks for none. */
export const key = {
  get: (): string => sessionStorage.getItem(KEY) ?? "",
  set(value: string): void {
    if (value) sessionStorage.setItem(KEY, value);
    else sessionStorage.removeItem(KEY);
  },
};

/** The header that says who asks. */
export function credentials(): Record<string, string> {
  return key.get() ? { "X-API-Key": key.get() } : {};
}

const signed: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(credentials())) request.headers.set(name, value);
    return request;
  },
};

export const client = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "",
  fetch: (request) => globalThis.fetch(request),
});
client.use(signed);

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** The data of an answer, or a `Failure` that says what is wrong in the API's own words. */
export async function told<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure(0, "The server does not answer.");
  }
  if (answer.response.ok) return answer.data as T;
  const said = answer.error as Partial<Schemas["Problem"]> | undefined;
  const behindProxy = answer.response.status >= 502 && !said?.detail; // the dev server's word for a server that is not there
  throw new Failure(behindProxy ? 0 : answer.response.status, said?.detail ?? "The server does not answer.", said?.field ?? null);
}
