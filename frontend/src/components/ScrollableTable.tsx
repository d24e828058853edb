import { Text } from "@mantine/core";
import { type ReactNode, useEffect, useRef, useState } from "react";

/** Let a wide table scroll inside its own region, by keyboard too, with a hint while part of it is hidden. */
export function ScrollableTable({ label, width, height, children }: { label: string; width: number; height?: number; children: ReactNode }) {
  const region = useRef<HTMLDivElement>(null);
  const [overflows, setOverflows] = useState(false);
  useEffect(() => {
    const element = region.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setOverflows(element.scrollWidth > element.clientWidth + 1));
    observer.observe(element);
    if (element.firstElementChild) observer.observe(element.firstElementChild);
    return () => observer.disconnect();
  }, []);
  return (
    <div>
      {overflows && (
        <Text size="xs" c="dimmed" mb={4}>
          Scroll sideways to see the rest of the table <span aria-hidden>→</span>
        </Text>
      )}
      <div ref={region} role="region" aria-label={label} tabIndex={0} className="scrollable" style={height ? { maxHeight: height } : undefined}>
        <div style={{ minWidth: width }}>{children}</div>
      </div>
    </div>
  );
}
