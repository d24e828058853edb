import { Skeleton } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";

/** What is drawn once the browser has nothing better to do: a chart must not hold up the lists above it. */
export function Afterwards({ height, children }: { height: number; children: ReactNode }) {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    if (!globalThis.requestIdleCallback) {
      const timer = setTimeout(() => setReady(true), 100);
      return () => clearTimeout(timer);
    }
    const wish = requestIdleCallback(() => setReady(true), { timeout: 1500 });
    return () => cancelIdleCallback(wish);
  }, []);
  return ready ? children : <Skeleton height={height} role="status" aria-label="Loading" />;
}
