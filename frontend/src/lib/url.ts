import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** Return the query parameter `name` and a setter. The address holds the state of every page; as a "step", a change can be undone by going back. */
export function useParam(name: string, fallback = "", kind: "state" | "step" = "state"): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (value && value !== fallback) after.set(name, value);
          else after.delete(name);
          return after;
        },
        { replace: kind === "state" || !value, preventScrollReset: true },
      ),
    [name, fallback, kind, setParams],
  );
  return [params.get(name) ?? fallback, set];
}

/** Parse a whole number from the address, clamped to its bounds. */
export function boundedNumber(text: string, low: number, high: number, fallback: number): number {
  const n = Number.parseInt(text, 10);
  return Number.isNaN(n) ? fallback : Math.min(high, Math.max(low, n));
}
