import { createTheme, type MantineColorsTuple } from "@mantine/core";

const blue: MantineColorsTuple = ["#eaf3fb", "#d3e4f4", "#a5c8e9", "#74abdf", "#4d92d6", "#3682d1", "#1f6fbf", "#175c9f", "#124c85", "#0c3a68"];

/** Mantine's theme: one accent colour, the system's font. The colours of models come from the API, those of events from `lib/eventKinds`. */
export const theme = createTheme({
  primaryColor: "brand",
  primaryShade: { light: 7, dark: 6 },
  colors: { brand: blue },
  autoContrast: true,
  luminanceThreshold: 0.35,
  cursorType: "pointer",
  defaultRadius: "md",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  headings: { fontWeight: "650" },
  respectReducedMotion: true,
});
