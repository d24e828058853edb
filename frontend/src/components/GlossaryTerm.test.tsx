import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { renderInApp } from "../test-utils";
import { GlossaryTerm } from "./GlossaryTerm";

test("a term shows its definition as soon as it has the keyboard focus, and links to the glossary", async () => {
  renderInApp(<GlossaryTerm id="ndcg" />);
  const link = screen.getByRole("link", { name: "nDCG@10" });
  expect(link.getAttribute("href")).toBe("/glossary#ndcg");
  await userEvent.tab();
  expect((await screen.findByRole("tooltip")).textContent).toContain("nearer it is to the top");
});

test("a term without an entry is plain text", () => {
  renderInApp(<GlossaryTerm id="else">else</GlossaryTerm>);
  expect(screen.queryByRole("link")).toBeNull();
});
