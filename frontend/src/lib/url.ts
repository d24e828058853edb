import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** What stands behind `?name=`, and a way to change it; the state of every page is in its address. As a step, going back takes back what was set. */
export function useParam(name: string, otherwise = "", kind: "state" | "step" = "state"): [string, (value: string) => void] {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          if (value && value !== otherwise) after.set(name, value);
          else after.delete(name);
          return after;
        },
        { replace: kind === "state" || !value, preventScrollReset: true },
      ),
    [name, otherwise, kind, setParams],
  );
  return [params.get(name) ?? otherwise, set];
}

/** A whole number from the address, kept between its bounds. */
export function bounded(text: string, low: number, high: number, otherwise: number): number {
  const n = Number.parseInt(text, 10);
  return Number.isNaN(n) ? otherwise : Math.min(high, Math.max(low, n));
}
