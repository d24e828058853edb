import { afterEach, expect, test } from "vitest";
import { serve } from "../test-tools";
import { client, Failure, key, told } from "./client";

afterEach(() => key.set(""));

test("a refusal is told in the API's own words", async () => {
  serve(() => ({ status: 404, body: { detail: "no customer has the id 'x'", field: "customer" } }));
  const failed = await told(client.GET("/api/v1/customers/{customer}", { params: { path: { customer: "x" } } })).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Failure);
  expect(failed).toMatchObject({ status: 404, message: "no customer has the id 'x'", field: "customer" });
});

test("a server that is not there has status 0", async () => {
  serve(() => new TypeError("Failed to fetch"));
  await expect(told(client.GET("/api/v1/models"))).rejects.toMatchObject({ status: 0, message: "The server does not answer." });
});

test("the key goes along, and only while there is one", async () => {
  const seen = serve(() => ({ body: { models: [] } }));
  await told(client.GET("/api/v1/models"));
  key.set("secret");
  await told(client.GET("/api/v1/models"));
  expect(seen.map((asked) => asked.headers.get("X-API-Key"))).toEqual([null, "secret"]);
});

test("ids with a slash stay one part of the path", async () => {
  const seen = serve(() => ({ body: {} }));
  await told(client.GET("/api/v1/items/{item}", { params: { path: { item: "a/b c" } } }));
  expect(seen[0]?.path).toBe("/api/v1/items/a%2Fb%20c");
});
