import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import type { Pick } from "../api/queries";
import { draw } from "../test-tools";
import { Found } from "./Found";

const picks = (...close: boolean[]): Pick[] =>
  close.map((near, at) => ({ item: `p${at}`, title: `Title ${at}`, category: "Home", price: 1, rank: at + 1, score: 0.4, by: "text", reasons: [], close: near }) as unknown as Pick);

test("what is close is a list, what is not is folded below it", () => {
  draw(<Found picks={picks(true, true, false)} />);
  const folded = screen.getByRole("group");
  expect(folded.hasAttribute("open")).toBe(false);
  expect(within(folded).getByText("1 more, which are not close to it")).toBeTruthy();
  expect(within(folded).queryByText("Title 1")).toBeNull();
  expect(within(folded).getByText("Title 2")).toBeTruthy();
  expect(screen.queryByRole("status")).toBeNull();
});

test("where nothing is close it says so", () => {
  draw(<Found picks={picks(false, false)} />);
  expect(screen.getByRole("status").textContent).toContain("Nothing is close to this");
  expect(screen.getByText("The nearest anyway")).toBeTruthy();
});

test("nothing is folded where everything is close", () => {
  draw(<Found picks={picks(true)} />);
  expect(screen.queryByRole("group")).toBeNull();
});
