import { screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import ComponentWeights from "./ComponentWeights";

test("a component that is not deployed by itself has its name, not its key", async () => {
  mockApi(() => ({ body: { models: [{ key: "knn", label: "User kNN (idf)", figures: [] }], default_by: null } }));
  renderInApp(<ComponentWeights rows={[{ situation: "regular", shares: { knn: 0.5, near: 0.3, bayes: 0.2 } }]} names={{ knn: "kNN", near: "sequence EASE", bayes: "Bayes" }} />);
  expect(await screen.findByRole("img", { name: "regular: User kNN 50%, Sequence EASE 30%, Bayes 20%" })).toBeTruthy();
});
