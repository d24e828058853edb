import { Anchor, Text } from "@mantine/core";
import { Link } from "react-router";
import { called } from "../lib/people";

type Props = { id: string; name?: string | null | undefined };

export const toCustomer = (id: string): string => `/customers/${encodeURIComponent(id)}`;

/** What a customer is called, with the id small beside it. */
export function CustomerName({ id, name = null }: Props) {
  const said = called({ id, name });
  return (
    <>
      {said}
      {said !== id && (
        <Text component="span" size="xs" c="dimmed" fw={400} ms={4}>
          {" "}
          {id}
        </Text>
      )}
    </>
  );
}

/** The same, as the way to their page. */
export function CustomerLink({ id, name }: Props) {
  return (
    <Anchor component={Link} to={toCustomer(id)} size="sm">
      <CustomerName id={id} name={name} />
    </Anchor>
  );
}
