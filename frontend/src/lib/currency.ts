import { useQuery } from "@tanstack/react-query";
import { overview } from "../api/queries";
import { price } from "./format";

/** Return a function that writes prices in the shop's currency; as plain numbers where the data name none. */
export function usePrice(): (x: number | null | undefined) => string {
  const { data: shop } = useQuery(overview);
  return (x) => price(x, shop?.currency);
}
