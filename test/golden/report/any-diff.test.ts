import fc from "fast-check";
import { expect, test } from "vitest";
import { diffFormats, renderDiff } from "../../../src/report/diff/diff.ts";
import { renderMarkdown } from "../../../src/report/diff/markdown.ts";
import { hasControls } from "../../harness/controls.ts";
import { balanced, change, diffOf } from "../../harness/report/diffs.ts";
import { largeDiff } from "../../harness/report/samples.ts";

test("Markdown stays within the budget whatever there is of anything", () => {
  for (const services of [5000, 20_000]) expect(renderMarkdown(largeDiff(services)).length).toBeLessThanOrEqual(60_000);
  const long = "x".repeat(70_000);
  const much = Array.from({ length: 300 }, (_, index) => `10.244.${index}.1:80${long}`);
  const diff = diffOf([change({ service: long, headline: long, details: much, after: [balanced(much, long)] })], {
    base: { name: long, mode: undefined },
    assumptions: much,
    nodes: much,
  });
  expect(renderMarkdown(diff).length).toBeLessThanOrEqual(60_000);
  expect(renderMarkdown(diff)).toContain("`xxxxx");
});

test.each(diffFormats)("%s takes any text for a name, and lets no control character through", async (format) => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
      const hostile = change({ service: text, vip: text, headline: text, details: [text], nodes: [text] });
      const rendered = await renderDiff(diffOf([hostile], { nodes: [text, "n2"] }), format, { detail: "traffic" });
      expect(hasControls(rendered)).toBe(false);
    }),
    { numRuns: 200 },
  );
});
