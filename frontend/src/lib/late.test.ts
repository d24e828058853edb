import { expect, test, vi } from "vitest";
import { persistent } from "./late";

test("a part is loaded as soon as the server is back", async () => {
  let away = 2;
  vi.stubGlobal("fetch", async () => {
    if (away > 0) throw new TypeError("away");
    return new Response("{}");
  });
  const load = vi.fn(async () => {
    if (away-- > 0) throw new TypeError("Failed to fetch dynamically imported module");
    return { default: () => null };
  });
  expect(await persistent(load, 1)).toHaveProperty("default");
  expect(load).toHaveBeenCalledTimes(3);
});

test("a part that the server no longer has is no reason to ask for ever", async () => {
  vi.stubGlobal("fetch", async () => new Response("{}"));
  sessionStorage.setItem("c360-reloaded", "yes");
  await expect(persistent(() => Promise.reject(new TypeError("404")), 1)).rejects.toThrow("404");
});
