import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { useLocation } from "react-router";
import { type Model, models } from "../api/queries";
import { ModelDot } from "../components/ModelName";
import { Page } from "../components/Page";
import { EmptyState, Panel, PanelFrame } from "../components/Panel";
import { anchorOf, type Entry, MEASURES, SEGMENTS } from "../lib/glossary";
import { shortLabel } from "../lib/models";

const SEGMENTS_ABOUT =
  "How recently and how often a customer acts, compared with the others (recency and frequency, as in RFM). Purchases count; in data without any, such as film ratings, every interaction does. Other attributes of a customer, such as an age group, come with the data.";

/** Definitions of measures and customer segments, and the models as the API describes them. */
export default function GlossaryPage() {
  const { hash } = useLocation();
  const served = useQuery(models);
  useEffect(() => {
    const target = hash ? document.getElementById(hash.slice(1)) : null;
    target?.scrollIntoView({ block: "center" });
    target?.focus({ preventScroll: true });
  }, [hash]);
  return (
    <Page title="Glossary" about="The measures, customer segments and models on these pages, in a sentence or two each.">
      <PanelFrame title="Measures">
        <Definitions entries={MEASURES} />
      </PanelFrame>
      <PanelFrame title="Customer segments" about={SEGMENTS_ABOUT}>
        <Definitions entries={SEGMENTS} />
      </PanelFrame>
      <Panel title="Models" about="The deployed models, as each describes itself" query={served} height={320} empty={(all) => (all.length ? null : <EmptyState>No model is deployed.</EmptyState>)}>
        {(all) => <Definitions entries={all.map(modelEntry)} mark={(key) => <ModelDot model={key} />} />}
      </Panel>
    </Page>
  );
}

function modelEntry(model: Model): Entry {
  const name = shortLabel(model.label);
  return { id: model.key, name: model.group === "baseline" ? `${name} (baseline)` : name, about: model.description || "No description." };
}

function Definitions({ entries, mark }: { entries: Entry[]; mark?: (id: string) => ReactNode }) {
  return (
    <dl className="definitions">
      {entries.map((entry) => (
        <div key={entry.id} id={anchorOf(entry.id)} tabIndex={-1}>
          <Text component="dt" fw={600} size="sm">
            {mark?.(entry.id)} {entry.name}
          </Text>
          <Text component="dd" m={0}>
            {entry.about}
          </Text>
        </div>
      ))}
    </dl>
  );
}
