import { expect, test } from "vitest";
import { renderInApp } from "../test-utils";
import { CustomerLink } from "./CustomerName";

const link = (id: string, name: string | null) => renderInApp(<CustomerLink id={id} name={name} />).container.querySelector("a");

test("a name with the ID beside it, or the ID alone if there is no name", () => {
  expect(link("c1", "Anna Rossi")?.textContent).toBe("Anna Rossi c1");
  expect(link("a/b", null)?.textContent).toBe("a/b");
  expect(link("a/b", null)?.getAttribute("href")).toBe("/customers/a%2Fb");
});
