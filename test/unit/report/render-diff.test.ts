import { describe, expect, it } from "vitest";
import { diffFormats, renderDiff } from "../../../src/report/diff/diff.ts";
import { cosmeticDiff, emptyDiff } from "../../harness/report/diffs.ts";
import { largeDiff, smallDiff } from "../../harness/report/samples.ts";

describe.each(diffFormats)("%s", (format) => {
  it("is the same each time, and ends with its last line", async () => {
    for (const diff of [smallDiff, emptyDiff, cosmeticDiff, largeDiff(30)]) {
      const text = await renderDiff(diff, format, { detail: "services" });
      expect(await renderDiff(diff, format, { detail: "services" })).toBe(text);
      expect(text === "" || text.endsWith("\n")).toBe(true);
      expect(text.endsWith("\n\n")).toBe(false);
    }
  });
});
