import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffFormats, renderDiff } from "../../../src/report/diff/diff.ts";
import { hasControls } from "../../harness/controls.ts";
import { change, cosmeticDiff, diffOf, emptyDiff } from "../../harness/report/diffs.ts";
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

  it("takes any text for a name, and lets no control character through", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
        const hostile = change({ service: text, vip: text, headline: text, details: [text], nodes: [text] });
        const rendered = await renderDiff(diffOf([hostile], { nodes: [text, "n2"] }), format, { detail: "traffic" });
        expect(hasControls(rendered)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
