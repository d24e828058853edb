import { Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { models } from "../api/queries";
import { useInk } from "../lib/ink";
import { colour, shortLabel } from "../lib/palette";

export function Dot({ model }: { model: string }) {
  const ink = useInk();
  return <span aria-hidden style={{ width: 10, height: 10, borderRadius: 5, background: ink(colour(model)), flex: "none", display: "inline-block" }} />;
}

/** A model's name beside its colour. */
export function ModelName({ model, label, strong = false }: { model: string; label?: string; strong?: boolean }) {
  const { data } = useQuery(models);
  const known = label ?? data?.find((one) => one.key === model)?.label ?? model;
  return (
    <Group gap={6} wrap="nowrap" component="span" display="inline-flex">
      <Dot model={model} />
      <Text component="span" size="sm" inherit={strong}>
        {shortLabel(known)}
      </Text>
    </Group>
  );
}

/** Choose one of the models that answer. */
export function ModelPicker({ label, value, onChange, empty }: { label: string; value: string; onChange: (key: string) => void; empty?: string }) {
  const { data = [] } = useQuery(models);
  const options = data.map((one) => ({ value: one.key, label: shortLabel(one.label) }));
  return (
    <Select
      label={label}
      data={empty === undefined ? options : [{ value: "", label: empty }, ...options]}
      value={value}
      onChange={(key) => onChange(key ?? "")}
      allowDeselect={false}
      checkIconPosition="right"
      leftSection={value ? <Dot model={value} /> : undefined}
      renderOption={({ option }) => (option.value ? <ModelName model={option.value} label={option.label} /> : option.label)}
      comboboxProps={{ withinPortal: true }}
    />
  );
}
