import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { mockApi, renderInApp } from "../test-utils";
import { ModelName } from "./ModelName";

const dot = (key: string): HTMLElement | null => document.querySelector(`[data-model="${key}"]`);

test("a model has the name and the colour that the API gives, a variant those of its base model", async () => {
  mockApi(() => ({ body: { models: [{ key: "mine", label: "My model (fast)", colour: "#123456", group: "own", description: "Mine.", figures: [], default: true }] } }));
  renderInApp(
    <>
      <ModelName model="mine" />
      <ModelName model="mine-fast" />
      <ModelName model="elsewhere" />
    </>,
  );
  expect(await screen.findByText("My model")).toBeTruthy();
  await waitFor(() => expect(dot("mine")?.style.background).toBe("rgb(18, 52, 86)"));
  expect(dot("mine-fast")?.style.background).toBe("rgb(18, 52, 86)");
  expect(dot("elsewhere")?.style.background).toMatch(/^rgb/);
  expect(dot("elsewhere")?.style.background).not.toBe(dot("mine")?.style.background);
});
