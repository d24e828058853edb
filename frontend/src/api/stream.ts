import { EventSource } from "eventsource";
import { useEffect, useState } from "react";
import { credentials } from "./client";
import type { StoredEvent } from "./queries";

export type Link = "connecting" | "open" | "lost";

/** What customers do, as it is stored, without what they were merely shown: the newest first. It connects again by itself and goes on where it stopped. */
export function useFeed(most = 50): { events: StoredEvent[]; link: Link } {
  const [events, setEvents] = useState<StoredEvent[]>([]);
  const [link, setLink] = useState<Link>("connecting");
  useEffect(() => {
    let source: EventSource | undefined;
    let again: ReturnType<typeof setTimeout> | undefined;
    let last = "";
    const connect = (): void => {
      const query = last ? `?after=${last}` : "";
      source = new EventSource(`${location.origin}/api/v1/feedback/stream${query}`, {
        fetch: (url, options) => fetch(url, { ...options, headers: { ...options.headers, ...credentials() } }),
      });
      source.onopen = () => setLink("open");
      source.onerror = () => {
        setLink("lost");
        if (source?.readyState === EventSource.CLOSED) again = setTimeout(connect, 3000); // an answer such as 503 ends an EventSource for good
      };
      source.addEventListener("feedback", (message) => {
        last = message.lastEventId;
        const event = JSON.parse(message.data as string) as StoredEvent;
        if (event.event === "impression") return; // a list was shown: nobody did anything
        setEvents((before) => (before.some((one) => one.seq === event.seq) ? before : [event, ...before].slice(0, most)));
      });
    };
    connect();
    return () => {
      clearTimeout(again);
      source?.close();
    };
  }, [most]);
  return { events, link };
}
