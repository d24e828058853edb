import { Combobox, Loader, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { customers } from "../api/queries";
import { described } from "../lib/people";

type Props = { label: string; placeholder?: string; onPick: (id: string) => void; chosen?: string; clearable?: boolean };

/** Search as you type among the customers, by id or by what is known of them. */
export function CustomerPicker({ label, placeholder = "Name, id, country, age group …", onPick, chosen = "" }: Props) {
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const [typed, setTyped] = useState(chosen);
  const [settled] = useDebouncedValue(typed.trim(), 150);
  const wanted = settled === chosen ? "" : settled;
  const { data = [], isFetching, isError } = useQuery({ ...customers(wanted, 12), enabled: box.dropdownOpened });
  return (
    <Combobox
      store={box}
      onOptionSubmit={(id) => {
        setTyped(id);
        onPick(id);
        box.closeDropdown();
      }}
    >
      <Combobox.Target>
        <TextInput
          label={label}
          placeholder={placeholder}
          value={typed}
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
        <Combobox.Options mah={320} style={{ overflowY: "auto" }} aria-label="Customers found">
          {data.map((one) => (
            <Combobox.Option value={one.id} key={one.id}>
              <Text size="sm" fw={600} component="span">
                {String(one.attributes?.name ?? one.id)}
              </Text>{" "}
              <Text size="sm" c="dimmed" component="span">
                {described(one)}
              </Text>
            </Combobox.Option>
          ))}
          {!data.length && <Combobox.Empty>{isError ? "The server does not answer" : isFetching ? "Looking …" : "Nobody like that"}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
