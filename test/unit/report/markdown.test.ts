import { describe, expect, it } from "vitest";
import { renderMarkdown } from "../../../src/report/diff/markdown.ts";
import { hasControls } from "../../harness/controls.ts";
import { balanced, change, cosmeticDiff, diffOf, emptyDiff } from "../../harness/report/diffs.ts";
import { hostileDiff } from "../../harness/report/hostile.ts";
import { largeDiff, smallDiff } from "../../harness/report/samples.ts";

/** What of a report is markup: code spans, fences and our own tags taken away. */
function withoutCode(markdown: string): string {
  return markdown
    .replace(/^(`{3,})\w+\n[\s\S]*?^\1$/gm, "")
    .replace(/`[^`\n]*`/g, "")
    .replace(/<\/?(?:details|summary|code)>|<!-- portolan-diff -->/g, "");
}

describe("renderMarkdown", () => {
  it("begins with its mark, sums up, and has a table and a folded block per service", () => {
    const text = renderMarkdown(smallDiff);
    expect(text.startsWith("<!-- portolan-diff -->\n\n### 4 Services and 1 other address change on 3 nodes\n")).toBe(
      true,
    );
    expect(text).toContain(
      "| ~ | `shop/web:http` | `10.96.4.20:80/TCP` and 1 more | endpoints 3 → 2 | load distribution | 3 | `deploy/web.yaml:21:13` |",
    );
    expect(text.match(/<details><summary>[-+~]/g)).toHaveLength(5);
    expect(text).toContain("<summary>- <code>shop/checkout:grpc</code> no endpoints left</summary>\n\n");
    expect(text).toContain("| `10.244.3.4:8080` | 33.3% | none |  |");
    expect(text).toContain(
      "| Path of the example packet before | and after |\n|:--|:--|\n| `-A INPUT -j KUBE-FIREWALL` | `-A",
    );
    expect(text).toContain("| **removed** `-A KUBE-SERVICES -d 10.96.100.2/32 ");
    expect(text).toContain("<details><summary>Rule diff on n1, n2 and n3: 2 added, 1 changed, 3 removed</summary>");
    expect(text.match(/^[-+]-A INPUT/gm)).toBeNull();
    expect(text).toContain(
      "example packet: `tcp 10.244.1.5 -> 10.96.100.2:9090`, was `10.244.2.7:9090`, now `rejected`",
    );
  });

  it("draws the path where it is small", () => {
    const text = renderMarkdown(diffOf([change()]));
    expect(text).toContain('  vip -->|"33.3% → 50%"| to0["10.244.1.2:8080"]\n');
    expect(text).toContain('  vip -.->|"33.3% → none"| to2["10.244.3.4:8080"]:::gone\n');
    const nine = Array.from({ length: 9 }, (_, index) => `10.244.1.${index}:80`);
    expect(renderMarkdown(diffOf([change({ before: [], after: [balanced(nine)] })]))).not.toContain("mermaid");
  });

  it("says so where no packet is treated differently", () => {
    expect(renderMarkdown(emptyDiff)).toContain("### No packet is treated differently.\n");
    expect(renderMarkdown(cosmeticDiff)).toContain("- 412 lines moved\n");
  });

  it.each([1, 20, 50, 60, 100, 200, 500, 1000, 1500])("%d services have room, and each is named", (services) => {
    const diff = largeDiff(services);
    const text = renderMarkdown(diff);
    expect(text.length).toBeLessThanOrEqual(60_000);
    for (const { service = "" } of diff.changes) expect(text).toContain(service.split("/")[1]);
    expect(text.includes("Omitted to stay within the size limit")).toBe(services > 20);
  });

  it("lets no name out of its cell, span, fence or tag", () => {
    const text = renderMarkdown(hostileDiff);
    expect(hasControls(text)).toBe(false);
    const markup = withoutCode(text);
    expect(markup).not.toMatch(/[<>`]/);
    // A reference only where something invisible stands after the sign; entities begin with an ampersand.
    expect(markup.replace(/[@#]&#8203;|&#\d+;|^###/gm, "")).not.toMatch(/[@#]/);
    expect(markup).not.toMatch(/\]\(/);
    const columns = text
      .split("\n")
      .filter((line) => line.startsWith("| "))
      .map((line) => line.split("|").length - 2);
    expect(new Set(columns)).toEqual(new Set([7, 4, 2]));
  });

  it("puts only plain text into pictures", () => {
    const pictures = renderMarkdown(hostileDiff).match(/```mermaid\n[\s\S]*?```/g) ?? [];
    expect(pictures.length).toBeGreaterThan(0);
    for (const picture of pictures)
      for (const label of picture.match(/"[^\n]*?"/g) ?? []) expect(label).toMatch(/^"[\p{L}\p{N} ._:/,()%→?-]*"$/u);
  });
});
