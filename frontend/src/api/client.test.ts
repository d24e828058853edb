import { afterEach, expect, test } from "vitest";
import { mockApi } from "../test-utils";
import { adviceFor, ApiError, apiKey, client, keepTokenOfAddress, unwrap } from "./client";

afterEach(() => apiKey.set(""));

const failure = (): Promise<unknown> => unwrap(client.GET("/api/v1/models")).catch((error: unknown) => error);

test("an error carries the API's own explanation", async () => {
  mockApi(() => ({ status: 404, body: { detail: "no customer has the id 'x'", field: "customer" } }));
  const error = await unwrap(client.GET("/api/v1/customers/{customer}", { params: { path: { customer: "x" } } })).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 404, message: "no customer has the id 'x'", field: "customer" });
});

test("an unreachable server has status 0, whether the connection fails or a proxy says so", async () => {
  mockApi(() => new TypeError("Failed to fetch"));
  expect(await failure()).toMatchObject({ status: 0, message: "The server cannot be reached." });
  for (const status of [502, 503, 504]) {
    mockApi(() => ({ status, body: "" }));
    expect(await failure()).toMatchObject({ status: 0 });
  }
});

test("unreachable, failing, refusing and not found are four different errors, each with what to do", async () => {
  const seen = new Map<number, string>();
  for (const status of [500, 503, 401, 403, 404, 429, 422]) {
    mockApi(() => ({ status, body: { detail: "for a reason", field: null } }));
    const error = await failure();
    expect(error).toMatchObject({ status });
    const { title, advice } = adviceFor(error);
    expect(`${title} ${(error as Error).message}`).not.toContain("cannot be reached");
    expect(advice).toMatch(/^[A-Z].*\.$/);
    seen.set(status, title);
  }
  expect(seen.get(500)).toBe("Server error");
  expect(new Set(seen.values()).size).toBe(seen.size);
  expect([...seen.values()]).not.toContain(adviceFor(new ApiError(0)).title);
});

test("a server that answers 503 with a reason is reachable", async () => {
  mockApi(() => ({ status: 503, body: { detail: "no model is trained yet", field: null } }));
  expect(await failure()).toMatchObject({ status: 503, message: "no model is trained yet" });
});

test("the API key is sent only while there is one", async () => {
  const requests = mockApi(() => ({ body: { models: [] } }));
  await unwrap(client.GET("/api/v1/models"));
  apiKey.set("secret");
  await unwrap(client.GET("/api/v1/models"));
  expect(requests.map((request) => request.headers.get("X-API-Key"))).toEqual([null, "secret"]);
});

test("the token of the address is kept and leaves the address, whatever else is in it", () => {
  history.replaceState(null, "", "/models?tab=rules&token=printed-at-the-start#top");
  keepTokenOfAddress();
  expect(apiKey.get()).toBe("printed-at-the-start");
  expect(location.href.slice(location.origin.length)).toBe("/models?tab=rules#top");
  keepTokenOfAddress();
  expect(apiKey.get()).toBe("printed-at-the-start");
  history.replaceState(null, "", "/?token=");
  keepTokenOfAddress();
  expect([apiKey.get(), location.search]).toEqual(["printed-at-the-start", ""]);
  history.replaceState(null, "", "/");
});

test("an id with a slash stays one part of the path", async () => {
  const requests = mockApi(() => ({ body: {} }));
  await unwrap(client.GET("/api/v1/items/{item}", { params: { path: { item: "a/b c" } } }));
  expect(requests[0]?.path).toBe("/api/v1/items/a%2Fb%20c");
});
