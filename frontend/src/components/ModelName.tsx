import { Group, Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { models } from "../api/queries";
import { useLegible } from "../lib/contrast";
import { shortLabel, useModelInfo } from "../lib/models";

/** A dot in a model's colour. */
export function ModelDot({ model }: { model: string }) {
  const legible = useLegible();
  const { colourOf } = useModelInfo();
  return <span aria-hidden data-model={model} style={{ width: 10, height: 10, borderRadius: 5, background: legible(colourOf(model)), flex: "none", display: "inline-block" }} />;
}

/** A model's name beside its colour. */
export function ModelName({ model, label, strong = false }: { model: string; label?: string; strong?: boolean }) {
  const { nameOf } = useModelInfo();
  return (
    <Group gap={6} wrap="nowrap" component="span" display="inline-flex">
      <ModelDot model={model} />
      <Text component="span" size="sm" inherit={strong}>
        {label === undefined ? nameOf(model) : shortLabel(label)}
      </Text>
    </Group>
  );
}

/** Choose one of the deployed models. */
export function ModelPicker({ label, value, onChange }: { label: string; value: string; onChange: (key: string) => void }) {
  const { data: served = [] } = useQuery(models);
  return (
    <Select
      label={label}
      data={served.map((model) => ({ value: model.key, label: shortLabel(model.label) }))}
      value={value}
      onChange={(key) => onChange(key ?? "")}
      allowDeselect={false}
      checkIconPosition="right"
      leftSection={value ? <ModelDot model={value} /> : undefined}
      renderOption={({ option }) => <ModelName model={option.value} label={option.label} />}
      comboboxProps={{ withinPortal: true }}
    />
  );
}
