import { Anchor, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { glossaryAddress, lookUp } from "../lib/glossary";

/** A technical term with its definition as a tooltip, by mouse and by keyboard, and a link to the glossary. */
export function GlossaryTerm({ id, children }: { id: string; children?: ReactNode }) {
  const entry = lookUp(id);
  if (!entry) return children;
  return (
    <Tooltip label={entry.about} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
      <Anchor component={Link} to={glossaryAddress(id)} className="term" inherit>
        {children ?? entry.name}
      </Anchor>
    </Tooltip>
  );
}

/** A link to the glossary, or to one of its entries. */
export function GlossaryLink({ id = "", children = "What do these terms mean?" }: { id?: string; children?: ReactNode }) {
  return (
    <Anchor component={Link} to={id ? glossaryAddress(id) : "/glossary"} size="sm" underline="always">
      {children}
    </Anchor>
  );
}
