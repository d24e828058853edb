import { useQuery } from "@tanstack/react-query";
import { type Model, models } from "../api/queries";

/** Return a model's label without what is in brackets, for narrow places. */
export const shortLabel = (label: string): string => label.split(" (")[0] ?? label;

/** Return what the API says about a model; a variant `<key>-<suffix>` that it does not list is described by its base model. */
export function describe(served: Model[], key: string): Model | undefined {
  return served.find((model) => model.key === key) ?? served.find((model) => model.key === key.split("-")[0]);
}

const FALLBACK_COLOURS = ["#5f3dc4", "#0b7285", "#a61e4d", "#5c940d", "#846358", "#364fc7", "#b08800"];

/** Return the colour of a model that the API does not describe, such as a hybrid's component that is not deployed itself: always the same for one key. */
export function fallbackColour(key: string): string {
  const sum = [...key].reduce((total, letter) => total + letter.charCodeAt(0), 0);
  return FALLBACK_COLOURS[sum % FALLBACK_COLOURS.length] ?? "";
}

/** Return functions that look up a model's short name and its colour, as the API describes them. */
export function useModelInfo(): { nameOf: (key: string) => string; colourOf: (key: string) => string } {
  const { data: served = [] } = useQuery(models);
  return {
    nameOf: (key) => shortLabel(served.find((model) => model.key === key)?.label ?? key),
    colourOf: (key) => describe(served, key)?.colour ?? fallbackColour(key),
  };
}
