import { Combobox, Loader, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { customers, profile } from "../api/queries";
import { displayName, summary } from "../lib/customerNames";
import { asSentence } from "../lib/format";

type Props = { label: string; placeholder?: string; onPick: (id: string) => void; chosen?: string };

/** Search for a customer while typing, by name, ID or any other attribute. */
export function CustomerPicker({ label, placeholder = "Name, ID, country, age group …", onPick, chosen = "" }: Props) {
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const [typed, setTyped] = useState<string | null>(null); // null: show the chosen customer
  const { data: chosenProfile } = useQuery({ ...profile(chosen), enabled: chosen !== "" });
  const [term] = useDebouncedValue(typed?.trim() ?? "", 150);
  const { data: matches = [], isFetching, error } = useQuery({ ...customers(term, 12), enabled: box.dropdownOpened });
  const { selectFirstOption } = box;
  const onlyMatch = typed !== null && typed.trim() === term && !isFetching && matches.length === 1 ? matches[0]?.id : undefined;
  useEffect(() => {
    if (onlyMatch) selectFirstOption(); // so that Enter picks it
  }, [onlyMatch, selectFirstOption]);
  return (
    <Combobox
      store={box}
      onOptionSubmit={(id) => {
        setTyped(null);
        onPick(id);
        box.closeDropdown();
      }}
    >
      <Combobox.Target>
        <TextInput
          label={label}
          placeholder={placeholder}
          value={typed ?? (chosenProfile ? displayName(chosenProfile) : chosen)}
          maxLength={500}
          leftSection={<IconSearch size={16} aria-hidden />}
          rightSection={isFetching ? <Loader size={16} /> : null}
          autoComplete="off"
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            if (!event.currentTarget.value && chosen) onPick("");
            box.openDropdown();
            box.updateSelectedOptionIndex();
          }}
          onFocus={(event) => {
            event.currentTarget.select();
            box.openDropdown();
          }}
          onClick={() => box.openDropdown()}
          onBlur={() => box.closeDropdown()}
        />
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Options mah={320} style={{ overflowY: "auto" }} aria-label="Matching customers">
          {matches.map((customer) => (
            <Combobox.Option value={customer.id} key={customer.id}>
              <Text size="sm" fw={600} component="span">
                {displayName(customer)}
              </Text>{" "}
              <Text size="sm" c="dimmed" component="span">
                {summary(customer)}
              </Text>
            </Combobox.Option>
          ))}
          {!matches.length && <Combobox.Empty>{error ? asSentence(error.message) : isFetching ? "Searching …" : "No matching customer"}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
