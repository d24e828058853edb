import { describe, expect, test } from "vitest";
import type { DefaultBy, ModelDecision } from "../api/queries";
import { defaultReason, testedChange } from "./versions";

const decision = (champion: string, challenger: string, low: number | null, high: number | null): ModelDecision =>
  ({ champion, challenger, difference: low == null || high == null ? null : (low + high) / 2, low, high, window: { customers: 169 } }) as unknown as ModelDecision;

describe("testedChange", () => {
  const decisions = [decision("a", "b", 0.01, 0.03), decision("b", "c", -0.01, 0.01), decision("c", "d", null, null)];

  test("forward as it was tested, backward with the signs turned", () => {
    expect(testedChange(decisions, "a", "b")).toEqual({ difference: 0.02, low: 0.01, high: 0.03, customers: 169, verdict: "better" });
    expect(testedChange(decisions, "b", "a")).toEqual({ difference: -0.02, low: -0.03, high: -0.01, customers: 169, verdict: "worse" });
  });

  test("an interval with zero in it says neither, and what was not tested says nothing", () => {
    expect(testedChange(decisions, "b", "c")?.verdict).toBe("unclear");
    expect(testedChange(decisions, "c", "d")).toBeNull();
    expect(testedChange(decisions, "a", "c")).toBeNull();
  });
});

describe("defaultReason", () => {
  const name = (key: string): string => key.toUpperCase();
  const measured = { key: "ease", by: "measurement", value: 0.482, runner_up: "tfidf", runner_up_value: 0.438, better: true } as unknown as DefaultBy;

  test("by measurement, with the next best and whether the difference was tested", () => {
    expect(defaultReason(measured, name)).toBe("EASE is the default model because its nDCG@10 is the highest, 0.482; next is TFIDF with 0.438, and the difference is significant.");
    expect(defaultReason({ ...measured, better: null }, name)).toContain("were not tested");
    expect(defaultReason({ ...measured, better: false, note: "Holm's correction asks for more." }, name)).toMatch(/may be chance\. Holm's correction asks for more\.$/);
    expect(defaultReason({ ...measured, runner_up: "" }, name)).toMatch(/0.482\.$/);
    expect(defaultReason({ ...measured, basis: "Compared on the data of 2026-11-25." }, name)).toMatch(/significant\. Compared on the data of 2026-11-25\.$/);
  });

  test("by the setting, or by preference", () => {
    expect(defaultReason({ ...measured, by: "setting" }, name)).toContain("C360_DEFAULT_MODEL");
    expect(defaultReason({ ...measured, by: "preference" }, name)).toContain("no model was measured");
  });
});
