import { Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { overview, profile, search } from "../api/queries";
import { CustomerPicker } from "../components/CustomerPicker";
import { Page } from "../components/Page";
import { EmptyState, Panel, PanelFrame } from "../components/Panel";
import { SearchResults } from "../components/SearchResults";
import { categoryText } from "../lib/categories";
import { displayName } from "../lib/customerNames";
import { useParam } from "../lib/url";

const EXAMPLES = ["light for walking in the dark", "I want to bake my own bread", "keeps children busy on a rainy day"]; // of the wishes that BERT answers

/** Search for products by meaning rather than by exact words. */
export default function SearchPage() {
  const [q, setQ] = useParam("q");
  const [customer, setCustomer] = useParam("customer");
  const [category, setCategory] = useParam("category");
  const [typed, setTyped] = useState(q);
  const { data: shop } = useQuery(overview);
  const { data: chosen } = useQuery({ ...profile(customer), enabled: customer !== "" });
  const query = useQuery(search(q, customer, category, 12));
  const submit = (text: string): void => {
    setTyped(text);
    setQ(text.trim());
  };
  return (
    <Page title="Search" about="Describe what you want in your own words. BERT encodes the text, and FAISS finds the products with the most similar descriptions.">
      <PanelFrame title="What are you looking for?">
        <form
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            submit(typed);
          }}
        >
          <Group align="flex-end" gap="sm">
            <TextInput
              style={{ flex: "1 1 260px" }}
              label="In your own words"
              placeholder={EXAMPLES[0]}
              value={typed}
              maxLength={500}
              leftSection={<IconSearch size={16} aria-hidden />}
              onChange={(event) => setTyped(event.currentTarget.value)}
            />
            <Button type="submit">Search</Button>
          </Group>
          <Group align="flex-end" gap="sm" mt="sm" grow preventGrowOverflow={false} wrap="wrap">
            <CustomerPicker key={customer} label="For a customer (optional)" chosen={customer} onPick={setCustomer} />
            <Select
              label="Category"
              placeholder="All"
              clearable
              data={(shop?.categories ?? []).map((entry) => ({ value: entry.category, label: categoryText(entry.category) }))}
              value={category || null}
              onChange={(value) => setCategory(value ?? "")}
            />
          </Group>
        </form>
        {!q && (
          <Group gap="xs">
            {EXAMPLES.map((text) => (
              <Button key={text} variant="default" size="xs" radius="xl" onClick={() => submit(text)}>
                {text}
              </Button>
            ))}
          </Group>
        )}
      </PanelFrame>
      {q && (
        <Panel
          title={`“${q}”`}
          about={customer ? `Of the fifty closest matches, those that suit ${chosen ? displayName(chosen) : customer} best` : "Closest match first"}
          query={query}
          height={420}
          empty={(found) => (found.length ? null : <EmptyState>No results.</EmptyState>)}
        >
          {(found) => <SearchResults items={found} />}
        </Panel>
      )}
    </Page>
  );
}
