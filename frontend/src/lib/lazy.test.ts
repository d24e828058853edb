import { expect, test, vi } from "vitest";
import { loadWithRetry } from "./lazy";

test("a chunk is loaded as soon as the server is back", async () => {
  let failures = 2;
  vi.stubGlobal("fetch", async () => {
    if (failures > 0) throw new TypeError("Failed to fetch");
    return new Response("{}");
  });
  const load = vi.fn(async () => {
    if (failures-- > 0) throw new TypeError("Failed to fetch dynamically imported module");
    return { default: () => null };
  });
  expect(await loadWithRetry(load, 1)).toHaveProperty("default");
  expect(load).toHaveBeenCalledTimes(3);
});

test("a chunk that the server does not have is not retried for ever", async () => {
  vi.stubGlobal("fetch", async () => new Response("{}"));
  sessionStorage.setItem("c360-reloaded", "yes");
  await expect(loadWithRetry(() => Promise.reject(new TypeError("404")), 1)).rejects.toThrow("404");
});
