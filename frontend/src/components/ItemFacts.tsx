import { Badge, Group, Text } from "@mantine/core";
import type { Item } from "../api/queries";
import { price, words } from "../lib/format";

/** What is known about a product. */
export function ItemFacts({ item }: { item: Item }) {
  return (
    <>
      <Group gap="xs">
        {item.category && (
          <Badge size="lg" tt="none">
            {item.category}
          </Badge>
        )}
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
            {words(name)}: {String(value)}
          </Badge>
        ))}
        {(item.withdrawn || !item.available) && (
          <Badge size="lg" tt="none" color="red">
            {item.withdrawn ? "withdrawn" : "not available"}
          </Badge>
        )}
      </Group>
      <Text mt="sm" style={{ overflowWrap: "anywhere" }}>
        {item.text || "Nothing is written about it."}
      </Text>
    </>
  );
}
