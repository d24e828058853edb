import { useQuery } from "@tanstack/react-query";
import { type Model, models } from "../api/queries";

/** Return a model's label without what is in brackets, for narrow places. */
export const shortLabel = (label: string): string => label.split(" (")[0] ?? label;

/** Return what the API says about a model; a variant `<key>-<suffix>` that it does not list is described by its base model. */
export function describe(served: Model[], key: string): Model | undefined {
  return served.find((model) => model.key === key) ?? served.find((model) => model.key === key.split("-")[0]);
}

/** Return the colour of a model that the API does not describe, such as a hybrid's component that is not deployed itself: always the same one. */
export function fallbackColour(key: string): string {
  const hue = [...key].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
  const channel = (shift: number): string => {
    const step = (shift + hue / 30) % 12;
    const value = 0.5 - 0.25 * Math.max(-1, Math.min(step - 3, 9 - step, 1)); // from HSL with saturation and lightness of a half
    return Math.round(255 * value).toString(16).padStart(2, "0");
  };
  return `#${channel(0)}${channel(8)}${channel(4)}`;
}

/** Return functions that look up a model's short name and its colour, as the API describes them. */
export function useModelInfo(): { nameOf: (key: string) => string; colourOf: (key: string) => string } {
  const { data: served = [] } = useQuery(models);
  return {
    nameOf: (key) => shortLabel(served.find((model) => model.key === key)?.label ?? key),
    colourOf: (key) => describe(served, key)?.colour ?? fallbackColour(key),
  };
}
