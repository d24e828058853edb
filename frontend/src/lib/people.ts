import type { Schemas } from "../api/client";
import { count } from "./format";

/** What a customer is called: by the name, where there is one, else by the id. */
export function called(one: { id: string; name?: string | null; attributes?: Record<string, unknown> }): string {
  const name = one.name ?? one.attributes?.name;
  return name ? String(name) : one.id;
}

/** A customer in a line, without the name: id, what is known, how much they did. */
export function described(one: Schemas["CustomerSummary"]): string {
  const known = Object.entries(one.attributes ?? {}).filter(([name]) => name !== "name");
  return [one.attributes?.name ? one.id : "", ...known.map(([, value]) => String(value)), `${count(one.n_events)} events`].filter(Boolean).join(" · ");
}
