import { Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";

/** A table that may be wider than the screen: it scrolls by itself, with the keyboard too, and says so where a part of it is out of sight. */
export function Wide({ label, width, height, children }: { label: string; width: number; height?: number; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [hides, setHides] = useState(false);
  useEffect(() => {
    const part = place.current;
    if (!part) return;
    const look = (): void => setHides(part.scrollWidth > part.clientWidth + 1);
    const watch = new ResizeObserver(look);
    watch.observe(part);
    if (part.firstElementChild) watch.observe(part.firstElementChild);
    return () => watch.disconnect();
  }, []);
  return (
    <div>
      {hides && (
        <Text size="xs" c="dimmed" mb={4}>
          There is more to the right: scroll the table sideways <span aria-hidden>→</span>
        </Text>
      )}
      <div ref={place} role="region" aria-label={label} tabIndex={0} className="wide" style={height ? { maxHeight: height } : undefined}>
        <div style={{ minWidth: width }}>{children}</div>
      </div>
    </div>
  );
}
