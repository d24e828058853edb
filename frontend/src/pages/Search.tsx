import { Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { overview, profile, search } from "../api/queries";
import { CustomerPicker } from "../components/CustomerPicker";
import { Found } from "../components/Found";
import { Page } from "../components/Page";
import { Framed, Nothing, Panel } from "../components/Panel";
import { called } from "../lib/people";
import { useParam } from "../lib/url";

const TRY = ["a quiet gift for someone who cooks", "something warm for winter walks", "keeps children busy on a rainy day"];

/** Products by what is meant, not by what is written. */
export default function SearchPage() {
  const [q, setQ] = useParam("q");
  const [customer, setCustomer] = useParam("customer");
  const [category, setCategory] = useParam("category");
  const [typed, setTyped] = useState(q);
  const { data: about } = useQuery(overview);
  const { data: one } = useQuery({ ...profile(customer), enabled: customer !== "" });
  const query = useQuery(search(q, customer, category, 12));
  const ask = (words: string): void => {
    setTyped(words);
    setQ(words.trim());
  };
  return (
    <Page title="Search" about="Say in your own words what is looked for. BERT reads it, FAISS finds the products whose text means something similar.">
      <Framed title="What is looked for">
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            ask(typed);
          }}
        >
          <Group align="flex-end" gap="sm">
            <TextInput
              style={{ flex: "1 1 260px" }}
              label="In words"
              placeholder={TRY[0]}
              value={typed}
              maxLength={500}
              leftSection={<IconSearch size={16} aria-hidden />}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Button type="submit">Search</Button>
          </Group>
          <Group align="flex-end" gap="sm" mt="sm" grow preventGrowOverflow={false} wrap="wrap">
            <CustomerPicker key={customer} label="For a customer (if you like)" chosen={customer} onPick={setCustomer} />
            <Select
              label="Category"
              placeholder="All"
              clearable
              data={(about?.categories ?? []).map((one) => one.category)}
              value={category || null}
              onChange={(value) => setCategory(value ?? "")}
            />
          </Group>
        </form>
        {!q && (
          <Group gap="xs">
            {TRY.map((words) => (
              <Button key={words} variant="default" size="xs" radius="xl" onClick={() => ask(words)}>
                {words}
              </Button>
            ))}
          </Group>
        )}
      </Framed>
      {q && (
        <Panel
          title={`“${q}”`}
          about={customer ? `Of the fifty nearest by meaning, those that suit ${one ? called(one) : customer} best` : "The nearest by meaning first"}
          query={query}
          height={420}
          empty={(found) => (found.length ? null : <Nothing>Nothing was found.</Nothing>)}
        >
          {(found) => <Found picks={found} />}
        </Panel>
      )}
    </Page>
  );
}
