import { useComputedColorScheme } from "@mantine/core";

const GROUNDS = { light: "#ffffff", dark: "#242424" }; // what Mantine's panels have

const channels = (hex: string): number[] => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));

function luminance(rgb: number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map((value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The contrast of two colours as WCAG has it, from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(channels(one)), luminance(channels(other))].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** The nearest shade of a colour, towards white on a dark ground and towards black on a light one, that stands out from it. */
export function legible(colour: string, ground: string, least = 3): string {
  const end = luminance(channels(ground)) < 0.2 ? 255 : 0;
  for (let part = 0; part < 1; part += 0.02) {
    const mixed = `#${channels(colour).map((value) => Math.round(value + (end - value) * part).toString(16).padStart(2, "0")).join("")}`;
    if (contrast(mixed, ground) >= least) return mixed;
  }
  return end ? "#ffffff" : "#000000";
}

/** Colours as they can be seen: on a dark ground those that are too dark for it are lighter; with `always` a light ground counts too. */
export function useInk(always = false): (colour: string) => string {
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  return (colour) => (scheme === "dark" || always ? legible(colour, GROUNDS[scheme]) : colour);
}
