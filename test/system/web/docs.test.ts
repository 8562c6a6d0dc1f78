import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { describeCommands } from "../../../scripts/docs/describe-command.mjs";
import { type DocsSources, loadSources } from "../../../scripts/docs/load-sources.mjs";
import { manPage } from "../../../scripts/docs/man.mjs";
import { buildDocs } from "../../../scripts/web/build.mjs";
import { helpPage } from "../../../src/report/findings/sarif.ts";
import { skipFor } from "../../harness/skip.ts";

const groffReason = spawnSync("groff", ["--version"]).error === undefined ? undefined : "not installed: groff";

describe("the documentation", () => {
  let pages: ReadonlyMap<string, string>;
  let sources: DocsSources;

  beforeAll(async () => {
    sources = await loadSources();
    const docs = await buildDocs();
    expect(docs.problems).toEqual([]);
    pages = docs.pages;
  });

  it("has a title and a description for each page, no two the same", () => {
    const of = (pattern: RegExp): readonly string[] =>
      [...pages].map(([path, text]) => pattern.exec(text)?.[1] ?? `none in ${path}`);
    for (const all of [of(/<title>(.+) · Portolan<\/title>/), of(/<meta name="description" content="(.+)">/)]) {
      expect(all.filter((one) => one.startsWith("none in"))).toEqual([]);
      expect(all.filter((one, at) => all.indexOf(one) !== at)).toEqual([]);
    }
  });

  it("has a page for each command, with every option that its help lists", () => {
    const commands = describeCommands(sources.program);
    expect(commands.map(({ name }) => name)).toContain("explain packet");
    for (const { name, options } of commands) {
      const page = pages.get(`commands/${name.replace(" ", "-")}.html`) ?? "";
      expect(options.length).toBeGreaterThan(0);
      for (const { term } of options) expect(page, name).toContain(`<li><code>${escaped(term)}</code>`);
    }
  });

  it("has the page about each diagnostic to which SARIF leads", () => {
    for (const code of Object.keys(sources.catalog)) {
      const { pathname } = new URL(helpPage("https://example.org/", code));
      expect(pages.get(pathname.replace("/docs/", "")), pathname).toContain(`>${code}</h1>`);
    }
  });

  it("has every exit code, and the fields of every JSON output", () => {
    for (const code of Object.values(sources.exitCodes))
      expect(pages.get("exit-codes.html")).toContain(`<td><code>${code}</code></td>`);
    for (const name of Object.keys(sources.schemas))
      expect(pages.get(`schemas/${name}.html`)).toMatch(/<h2 id="fields">[\s\S]*<td><code>apiVersion|<td><code>/);
  });
});

describe("the manual page", skipFor(groffReason), () => {
  it("has every command, no warning, and no line that is too wide", async () => {
    const sources = await loadSources();
    const input = manPage(sources);
    const { stdout, stderr } = spawnSync("groff", ["-man", "-ww", "-Tascii", "-P-cbou"], { input, encoding: "utf8" });
    expect(stderr).toBe("");
    for (const { usage } of describeCommands(sources.program)) expect(stdout).toContain(`\n   ${usage}\n`);
    expect(stdout.split("\n").filter(({ length }) => length > 80)).toEqual([]);
    expect(stdout).not.toContain("undefined");
  });
});

function escaped(text: string): string {
  return text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
