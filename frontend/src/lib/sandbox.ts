import { useCallback, useSyncExternalStore } from "react";
import { newEventId } from "../api/feedback";
import type { ContextEvent, EventKind } from "../api/queries";

/** Something that was tried on a customer's behalf. It is stored in this browser tab alone, and sent as part of each request. */
export type TriedEvent = { id: string; item: string; title: string; event: EventKind; rating?: number; timestamp: number };

const STORAGE_KEY = "c360-sandbox";
const MOST_EVENTS = 100; // of one customer; the oldest are dropped
const NOTHING: TriedEvent[] = [];

type Tried = Record<string, TriedEvent[]>; // customer -> events in the order in which they were tried

let tried: Tried | null = null; // null: not read yet
const listeners = new Set<() => void>();

function read(): Tried {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? "{}");
    return stored && typeof stored === "object" && !Array.isArray(stored) ? (stored as Tried) : {};
  } catch {
    return {}; // something else was stored under this name
  }
}

/** Return what was tried for a customer. */
export function triedFor(customer: string): TriedEvent[] {
  tried ??= read();
  const events = tried[customer];
  return Array.isArray(events) ? events : NOTHING;
}

function replace(customer: string, events: TriedEvent[]): void {
  const others = Object.entries(tried ?? read()).filter(([other]) => other !== customer);
  tried = Object.fromEntries(events.length ? [...others, [customer, events]] : others);
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify(tried));
  } catch {
    // the storage is full or forbidden: it is kept until the page is left
  }
  for (const listener of listeners) listener();
}

/** Forget what is in memory, as a reload of the page does. */
export function forgetMemory(): void {
  tried = null;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Return the events as a request carries them. */
export const toHistory = (events: TriedEvent[]): ContextEvent[] => events.map(({ item, event, rating, timestamp }) => ({ item, event, rating: rating ?? null, timestamp }));

/** What was tried for a customer, and how to add to it. It survives a reload and ends with the tab. */
export function useSandbox(customer: string) {
  const events = useSyncExternalStore(subscribe, () => triedFor(customer));
  const add = useCallback(
    (event: Omit<TriedEvent, "id" | "timestamp">): TriedEvent => {
      const added = { ...event, id: newEventId(), timestamp: Math.floor(Date.now() / 1000) };
      replace(customer, [...triedFor(customer), added].slice(-MOST_EVENTS));
      return added;
    },
    [customer],
  );
  const remove = useCallback((id: string) => replace(customer, triedFor(customer).filter((event) => event.id !== id)), [customer]);
  const clear = useCallback(() => replace(customer, []), [customer]);
  return { events, add, remove, clear };
}
