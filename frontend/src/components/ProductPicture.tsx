import { IconBackpack, IconBath, IconBook, IconCoffee, IconDeviceSpeaker, type Icon, IconLamp, IconPencil, IconPlant, IconPuzzle, IconSalt, IconTent, IconToolsKitchen2 } from "@tabler/icons-react";
import { splitCategory } from "../lib/categories";

/** What is drawn for a category, and the hue of its background. */
const DRAWINGS: Record<string, [Icon, number]> = {
  Kitchen: [IconToolsKitchen2, 25],
  "Coffee & tea": [IconCoffee, 35],
  Pantry: [IconSalt, 50],
  Home: [IconLamp, 280],
  "Candles & bath": [IconBath, 200],
  Garden: [IconPlant, 120],
  Outdoor: [IconTent, 150],
  Books: [IconBook, 350],
  Electronics: [IconDeviceSpeaker, 230],
  "Toys & games": [IconPuzzle, 310],
  Stationery: [IconPencil, 75],
  "Bags & travel": [IconBackpack, 180],
};

/** A small drawing of what a product is, by its category; nothing for a category that has none. */
export function ProductPicture({ category, size = 40 }: { category: string | null | undefined; size?: number }) {
  const drawing = DRAWINGS[splitCategory(category ?? "")[0] ?? ""];
  if (!drawing) return null;
  const [Drawn, hue] = drawing;
  return (
    <span className="product-picture" style={{ width: size, height: size, "--hue": hue } as React.CSSProperties} aria-hidden>
      <Drawn size={size * 0.6} stroke={1.5} />
    </span>
  );
}
