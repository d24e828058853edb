import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { displayName } from "../lib/customerNames";

type Props = { id: string; name?: string | null | undefined };

export const customerAddress = (id: string): string => `/customers/${encodeURIComponent(id)}`;

/** A customer's name with the ID in small print beside it. */
export function CustomerName({ id, name = null }: Props) {
  const shown = displayName({ id, name });
  return (
    <>
      {shown}
      {shown !== id && (
        <Text component="span" size="xs" c="dimmed" fw={400} ms={4}>
          {" "}
          {id}
        </Text>
      )}
    </>
  );
}

/** A customer's name as a link to their page. */
export function CustomerLink({ id, name }: Props) {
  return (
    <Anchor component={Link} to={customerAddress(id)} size="sm">
      <CustomerName id={id} name={name} />
    </Anchor>
  );
}
