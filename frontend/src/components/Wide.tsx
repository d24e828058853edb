import type { ReactNode } from "react";

/** A table that may be wider than the screen: it scrolls by itself, with the keyboard too. */
export function Wide({ label, width, height, children }: { label: string; width: number; height?: number; children: ReactNode }) {
  return (
    <div role="region" aria-label={label} tabIndex={0} className="wide" style={height ? { maxHeight: height } : undefined}>
      <div style={{ minWidth: width }}>{children}</div>
    </div>
  );
}
