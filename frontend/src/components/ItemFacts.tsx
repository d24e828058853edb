import { Badge, Group, Text } from "@mantine/core";
import type { Item } from "../api/queries";
import { splitCategory } from "../lib/categories";
import { usePrice } from "../lib/currency";
import { asWords } from "../lib/format";
import { ProductPicture } from "./ProductPicture";

/** A product's category, price, attributes, availability and description. */
export function ItemFacts({ item }: { item: Item }) {
  const price = usePrice();
  return (
    <>
      <Group gap="xs">
        <ProductPicture category={item.category} size={56} />
        {splitCategory(item.category ?? "").map((category) => (
          <Badge key={category} size="lg" tt="none">
            {category}
          </Badge>
        ))}
        {item.price != null && (
          <Badge size="lg" tt="none" variant="default">
            {price(item.price)}
          </Badge>
        )}
        {item.brand && (
          <Badge size="lg" tt="none" variant="default" fw={400}>
            {item.brand}
          </Badge>
        )}
        {Object.entries(item.attributes ?? {}).map(([name, value]) => (
          <Badge key={name} size="lg" variant="default" tt="none" fw={400}>
            {asWords(name)}: {String(value)}
          </Badge>
        ))}
        {(item.withdrawn || !item.available) && (
          <Badge size="lg" tt="none" color="red">
            {item.withdrawn ? "withdrawn" : "not available"}
          </Badge>
        )}
      </Group>
      <Text mt="sm" style={{ overflowWrap: "anywhere" }}>
        {item.text || "No description."}
      </Text>
    </>
  );
}
