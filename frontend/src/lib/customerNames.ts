import type { Schemas } from "../api/client";
import { count } from "./format";

/** Return a customer's name, or the ID if there is no name. */
export function displayName(customer: { id: string; name?: string | null; attributes?: Record<string, unknown> }): string {
  const name = customer.name ?? customer.attributes?.name;
  return name ? String(name) : customer.id;
}

/** Summarise a customer in a line that stands beside the name: ID, attributes, number of events. */
export function summary(customer: Schemas["CustomerSummary"]): string {
  const attributes = Object.entries(customer.attributes ?? {}).filter(([name]) => name !== "name");
  const id = customer.attributes?.name ? customer.id : "";
  return [id, ...attributes.map(([, value]) => String(value)), `${count(customer.n_events)} events`].filter(Boolean).join(" · ");
}
