import { Anchor, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { known, place } from "../lib/words";

/** A term of the trade: what it means in a hint, by mouse and by keyboard, and a link to the other words. */
export function Term({ word, children }: { word: string; children?: ReactNode }) {
  const one = known(word);
  if (!one) return children;
  return (
    <Tooltip label={one.about} multiline maw={280} events={{ hover: true, focus: true, touch: true }}>
      <Anchor component={Link} to={place(word)} className="term" inherit>
        {children ?? one.name}
      </Anchor>
    </Tooltip>
  );
}

/** The way to all of them. */
export function WhatTheyMean({ word = "", children = "What do these words mean?" }: { word?: string; children?: ReactNode }) {
  return (
    <Anchor component={Link} to={word ? place(word) : "/words"} size="sm" underline="always">
      {children}
    </Anchor>
  );
}
