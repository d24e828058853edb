import { Combobox, Loader, Text, TextInput, useCombobox } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { customers, profile } from "../api/queries";
import { called, described } from "../lib/people";

type Props = { label: string; placeholder?: string; onPick: (id: string) => void; chosen?: string };

/** Search as you type among the customers, by name, id or what else is known of them. */
export function CustomerPicker({ label, placeholder = "Name, id, country, age group …", onPick, chosen = "" }: Props) {
  const box = useCombobox({ onDropdownClose: () => box.resetSelectedOption() });
  const [typed, setTyped] = useState<string | null>(null); // null: who is chosen
  const { data: one } = useQuery({ ...profile(chosen), enabled: chosen !== "" });
  const [wanted] = useDebouncedValue(typed?.trim() ?? "", 150);
  const { data = [], isFetching, error } = useQuery({ ...customers(wanted, 12), enabled: box.dropdownOpened });
  const { selectFirstOption } = box;
  const alone = typed !== null && typed.trim() === wanted && !isFetching && data.length === 1 ? data[0]?.id : undefined;
  useEffect(() => {
    if (alone) selectFirstOption(); // so that Enter takes it
  }, [alone, selectFirstOption]);
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
          value={typed ?? (one ? called(one) : chosen)}
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
        <Combobox.Options mah={320} style={{ overflowY: "auto" }} aria-label="Customers found">
          {data.map((one) => (
            <Combobox.Option value={one.id} key={one.id}>
              <Text size="sm" fw={600} component="span">
                {called(one)}
              </Text>{" "}
              <Text size="sm" c="dimmed" component="span">
                {described(one)}
              </Text>
            </Combobox.Option>
          ))}
          {!data.length && <Combobox.Empty>{error ? error.message : isFetching ? "Looking …" : "Nobody was found"}</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}
