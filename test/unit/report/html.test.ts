import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { renderHtml } from "../../../src/report/diff/html/html.ts";
import { hasControls } from "../../harness/controls.ts";
import { change, cosmeticDiff, diffOf, emptyDiff } from "../../harness/report/diffs.ts";
import { hostileDiff } from "../../harness/report/hostile.ts";
import { largeDiff, smallDiff } from "../../harness/report/samples.ts";

const tags = (html: string): ReadonlySet<string> =>
  new Set([...html.matchAll(/<([a-z][a-z0-9]*)/gi)].map(([, tag = ""]) => tag));

describe("renderHtml", () => {
  it("allows its own style by digest, and nothing else", () => {
    const html = renderHtml(smallDiff);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
    const digest = createHash("sha256").update(style).digest("base64");
    expect(html).toContain(
      `content="default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(html).not.toMatch(/ style=|<script|<link|<img|url\(|@import|https?:/);
    expect(html).not.toMatch(/ on\w+=/);
  });

  it("says of each service what changes, by which share, where, and which packet shows it", () => {
    const html = renderHtml(smallDiff);
    expect(html).toContain("<h1>4 Services and 1 other address change on 3 nodes</h1>");
    expect(html.match(/<details class="card /g)).toHaveLength(5);
    expect(html).toContain("<caption>From any source</caption>");
    expect(html).toContain('<rect width="33.3%" height="5" rx="2"/>');
    expect(html).toContain('aria-label="After, from any source: 10.244.1.2:8080 50%, 10.244.2.3:8080 50%"');
    expect(html).toContain("<code>deploy/checkout.yaml:8:5</code>");
    expect(html).toContain("<code>tcp 10.244.1.5 → 10.96.100.2:9090</code>");
    expect(html).toContain("<summary>Path of the example packet</summary>");
    expect(html).toContain("<td><del>- <small>nat KUBE-SERVICES</small><code>-A KUBE-SERVICES -d 10.96.100.2/32");
    // A rule that both sides have is not marked as if someone deleted it.
    expect(html).toContain("<td><small>filter INPUT</small><code>-A INPUT -j KUBE-FIREWALL</code></td>");
    expect(html).toContain("Only the text differs");
    expect(html).toContain("<li>routing and NetworkPolicy beyond a node are not looked at</li>");
  });

  it("has a box for each severity of a card, and hides the card with the last of them", () => {
    const mixed = diffOf([change({ severity: "access-lost" }), change({ severity: "affinity", vip: "other" })]);
    const html = renderHtml(mixed);
    expect(html).toContain('id="show-access-lost" checked> access lost <b>1</b>');
    expect(html).toContain('id="show-affinity" checked> affinity <b>1</b>');
    expect(html).toContain(
      "main:has(#show-access-lost:not(:checked)):has(#show-affinity:not(:checked)) .card.has-access-lost-affinity{display:none}",
    );
    expect(html).toContain('<section class="change is-affinity">');
    expect(html).toContain('<span class="severity">access lost, affinity</span>');
  });

  it("makes no tag, attribute or link of a name", () => {
    const html = renderHtml(hostileDiff);
    expect(tags(html)).toEqual(new Set([...tags(renderHtml(smallDiff))]));
    for (const [, target = ""] of html.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#[a-z]+(?:-\d+)?$/);
    expect(hasControls(html)).toBe(false);
    expect(html).not.toContain("\u202e");
  });

  it("has links only to what is there", () => {
    for (const diff of [smallDiff, emptyDiff, cosmeticDiff, largeDiff(50)]) {
      const html = renderHtml(diff);
      const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [, target] of html.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
    }
  });

  it("folds many services, and nodes that are alike", () => {
    const html = renderHtml(largeDiff(500));
    expect(html).not.toMatch(/<details class="card [^>]* open>/);
    expect(html).toContain("<details><summary>500 rows</summary>");
    expect(html.length).toBeLessThan(4_000_000);
    expect(renderHtml(smallDiff)).toContain('<th scope="col"><span>n2 +1</span></th>');
    expect(renderHtml(smallDiff)).toContain("<li>n2 +1: n2, n3</li>");
  });

  it("says so where no packet is treated differently", () => {
    expect(renderHtml(emptyDiff)).toContain("<h1>No packet is treated differently.</h1>");
    expect(renderHtml(cosmeticDiff)).toContain("<p>412 lines moved.</p>");
  });
});
