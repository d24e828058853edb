import { useComputedColorScheme } from "@mantine/core";

const BACKGROUNDS = { light: "#ffffff", dark: "#242424" }; // of Mantine's panels

const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

function luminance(rgb: number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Return the WCAG contrast ratio of two hex colours, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(channels(one)), luminance(channels(other))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** Return the colour itself or, where it lacks contrast, its nearest tint (on a dark background) or shade (on a light one) that has enough. */
export function legible(colour: string, background: string, minimum = 3): string {
  const target = luminance(channels(background)) < 0.2 ? 255 : 0;
  for (let part = 0; part < 1; part += 0.02) {
    const mixed = `#${channels(colour).map((value) => Math.round(value + (target - value) * part).toString(16).padStart(2, "0")).join("")}`;
    if (contrast(mixed, background) >= minimum) return mixed;
  }
  return target ? "#ffffff" : "#000000";
}

/** Return a function that makes colours legible in the current colour scheme: on a dark background, and on a light one too if `onLight`. */
export function useLegible(onLight = false): (colour: string) => string {
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  return (colour) => (scheme === "dark" || onLight ? legible(colour, BACKGROUNDS[scheme]) : colour);
}
