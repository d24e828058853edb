import { Skeleton } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";

/** Render the children once the browser is idle, so that a chart does not delay the lists above it. */
export function RenderWhenIdle({ height, children }: { height: number; children: ReactNode }) {
  const [idle, setIdle] = useState(false);
  useEffect(() => {
    if (!globalThis.requestIdleCallback) {
      const timer = setTimeout(() => setIdle(true), 100);
      return () => clearTimeout(timer);
    }
    const callback = requestIdleCallback(() => setIdle(true), { timeout: 1500 });
    return () => cancelIdleCallback(callback);
  }, []);
  return idle ? children : <Skeleton height={height} role="status" aria-label="Loading" />;
}
