import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { draw } from "../test-tools";
import { Term } from "./Term";

test("a term says what it means as soon as the keyboard is on it, and leads to the others", async () => {
  draw(<Term word="ndcg" />);
  const link = screen.getByRole("link", { name: "nDCG@10" });
  expect(link.getAttribute("href")).toBe("/words#ndcg");
  await userEvent.tab();
  expect((await screen.findByRole("tooltip")).textContent).toContain("nearer it stands to the top");
});

test("what is no known term stays plain", () => {
  draw(<Term word="else">else</Term>);
  expect(screen.queryByRole("link")).toBeNull();
});
