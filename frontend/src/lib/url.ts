import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** What stands behind `?name=`, and a way to change it; the state of every page is in its address. */
export function useParam(name: string, otherwise = ""): [string, (value: string) => void] {
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
        { replace: true, preventScrollReset: true },
      ),
    [name, otherwise, setParams],
  );
  return [params.get(name) ?? otherwise, set];
}

/** A whole number from the address, kept between its bounds. */
export function bounded(text: string, low: number, high: number, otherwise: number): number {
  const n = Number.parseInt(text, 10);
  return Number.isNaN(n) ? otherwise : Math.min(high, Math.max(low, n));
}
