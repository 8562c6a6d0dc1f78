import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../../../src/diagnostics/diagnostic.ts";
import { lineUrl, repositoryPath } from "../../../src/report/about.ts";
import { renderGithub } from "../../../src/report/diff/github.ts";
import { renderHtml } from "../../../src/report/diff/html/html.ts";
import { renderMarkdown } from "../../../src/report/diff/markdown.ts";
import { printSarif } from "../../../src/report/findings/sarif.ts";
import { change, diffOf } from "../../harness/report/diffs.ts";

const inGit = diffOf([change({ source: { file: "git:HEAD~1:deploy/my web.yaml", line: 21, column: 13 } })]);
const about = {
  version: "1.4.0",
  commandLine: "portolan diff a.yaml b.yaml",
  date: "2026-11-29T01:02:03Z",
  linkBase: "https://git.example/team/repo/blob/main/",
};

describe("places", () => {
  it.each([
    ["git:HEAD:deploy/web.yaml", "deploy/web.yaml"],
    ["git:origin/main:web.yaml", "web.yaml"],
    ["./deploy/web.yaml", "deploy/web.yaml"],
    ["deploy/web.yaml", "deploy/web.yaml"],
  ])("%s is %s in the repository", (file, path) => {
    expect(repositoryPath(file)).toBe(path);
  });

  it.each(["/etc/web.yaml", "../web.yaml", "standard input"])("%s has no link", (file) => {
    expect(lineUrl({ file, line: 1, column: 1 }, about.linkBase)).toBeUndefined();
  });

  it("of git sides annotate files of the repository", () => {
    expect(renderGithub(inGit)).toMatch(/^::warning file=deploy\/my web\.yaml,line=21,col=13,/);
  });

  it("are links where the base is known", () => {
    const url = "https://git.example/team/repo/blob/main/deploy/my%20web.yaml#L21";
    expect(renderHtml(inGit, { about })).toContain(
      `<a href="${url}"><code>git:HEAD~1:deploy/my web.yaml:21:13</code></a>`,
    );
    expect(renderMarkdown(inGit, { about })).toContain(`[\`git:HEAD~1:deploy/my web.yaml:21:13\`](${url})`);
    expect(renderMarkdown(inGit)).not.toContain("](");
  });
});

describe("a report", () => {
  it.each([
    [about, "Written by portolan 1.4.0 on 2026-11-29T01:02:03Z: <code>portolan diff a.yaml b.yaml</code>."],
    [{ ...about, date: undefined }, "Written by portolan 1.4.0: <code>portolan diff a.yaml b.yaml</code>."],
  ])("names version, command line and, if asked, the time", (said, text) => {
    expect(renderHtml(inGit, { about: said })).toContain(text);
  });

  it("in SARIF has the version alone, and a page for each rule", () => {
    const diagnostic: Diagnostic = {
      code: "node-absent",
      severity: "warning",
      message: "no Node",
      object: undefined,
      field: undefined,
      origin: undefined,
      caret: "value",
      related: [],
      hint: undefined,
    };
    const key = { code: "node-absent", object: "", field: "" };
    const report = { findings: [{ diagnostic, key }], documents: [] } as unknown as Parameters<typeof printSarif>[0];
    const [{ tool }] = JSON.parse(printSarif(report, { version: "1.4.0" })).runs;
    expect(tool.driver.version).toBe("1.4.0");
    expect(tool.driver.rules[0]).not.toHaveProperty("helpUri");
    for (const homepage of ["https://example.org/portolan", "https://example.org/portolan/"]) {
      const [published] = JSON.parse(printSarif(report, { version: "1.4.0", homepage })).runs;
      const page = "https://example.org/portolan/docs/codes/node-absent.html";
      expect(published.tool.driver.rules[0].helpUri).toBe(page);
    }
  });
});
