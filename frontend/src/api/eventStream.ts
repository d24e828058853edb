import { EventSource } from "eventsource";
import { useEffect, useState } from "react";
import { apiAddress } from "./address";
import { authHeaders } from "./client";
import type { StoredEvent } from "./queries";

export type ConnectionState = "connecting" | "open" | "lost";

const RECONNECT_DELAY = 3000; // ms

/** Return the newest stored events, impressions left out, newest first. After a lost connection it resumes from the last event. */
export function useEventStream(limit = 50): { events: StoredEvent[]; connection: ConnectionState } {
  const [events, setEvents] = useState<StoredEvent[]>([]);
  const [connection, setConnection] = useState<ConnectionState>("connecting");
  useEffect(() => {
    let source: EventSource | undefined;
    let reconnect: ReturnType<typeof setTimeout> | undefined;
    let last = "";
    const connect = (): void => {
      const query = last ? `?after=${last}` : "";
      source = new EventSource(`${apiAddress}/api/v1/feedback/stream${query}`, {
        fetch: (url, options) => fetch(url, { ...options, headers: { ...options.headers, ...authHeaders() } }),
      });
      source.onopen = () => setConnection("open");
      source.onerror = () => {
        setConnection("lost");
        if (source?.readyState === EventSource.CLOSED) reconnect = setTimeout(connect, RECONNECT_DELAY); // a response such as 503 closes an EventSource for good
      };
      source.addEventListener("feedback", (message) => {
        last = message.lastEventId;
        const event = JSON.parse(message.data as string) as StoredEvent;
        if (event.event === "impression") return;
        setEvents((before) => (before.some((other) => other.seq === event.seq) ? before : [event, ...before].slice(0, limit)));
      });
    };
    connect();
    return () => {
      clearTimeout(reconnect);
      source?.close();
    };
  }, [limit]);
  return { events, connection };
}
