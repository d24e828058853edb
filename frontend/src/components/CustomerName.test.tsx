import { expect, test } from "vitest";
import { draw } from "../test-tools";
import { CustomerLink } from "./CustomerName";

const link = (id: string, name: string | null) => draw(<CustomerLink id={id} name={name} />).container.querySelector("a");

test("a name, with the id beside it; an id alone where there is no name", () => {
  expect(link("c1", "Anna Rossi")?.textContent).toBe("Anna Rossi c1");
  expect(link("a/b", null)?.textContent).toBe("a/b");
  expect(link("a/b", null)?.getAttribute("href")).toBe("/customers/a%2Fb");
});
