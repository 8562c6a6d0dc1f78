import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeCommands } from "../../../scripts/docs/describe-command.mjs";
import { type DocsSources, loadSources } from "../../../scripts/docs/load-sources.mjs";
import { manPage } from "../../../scripts/docs/man.mjs";
import { buildDocs, buildPage } from "../../../scripts/web/build.mjs";
import { readSite } from "../../../src/host/files/read-site.ts";
import { type Served, serve } from "../../../src/host/serve.ts";
import { helpPage } from "../../../src/report/findings/sarif.ts";
import { findChromium, openTab, type Tab } from "../../harness/chromium.ts";
import { skipFor } from "../../harness/skip.ts";
import { type BrowserPage, createBrowserPage, type Look } from "./browser-page.ts";

const chromium = findChromium();
/** PORTOLAN_SCREENSHOTS names a folder in which pictures of the pages stay. */
const pictures = process.env.PORTOLAN_SCREENSHOTS;
if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
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

describe("pages in a browser", skipFor(chromium === undefined ? "not installed: chromium" : undefined), () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-docs-"));
  let tab: Tab;
  let page: BrowserPage;
  let served: Served;

  beforeAll(async () => {
    const [playground, docs] = await Promise.all([buildPage(), buildDocs()]);
    const files = [["index.html", playground], ...[...docs.pages].map(([path, text]) => [join("docs", path), text])];
    for (const [path = "", text = ""] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    served = await serve({ host: "127.0.0.1", port: 0 }, readSite(folder) ?? {});
    tab = await openTab(chromium ?? "", join(folder, "profile"));
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await tab.send(`${domain}.enable`);
    page = createBrowserPage(tab, pictures);
  });

  afterAll(async () => {
    await tab?.close();
    served?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const looks: readonly Look[] = [
    { width: 1600, scheme: "light" },
    { width: 1024, scheme: "dark" },
    { width: 360, scheme: "light" },
  ];
  it.each([
    "index",
    "tutorial",
    "chains",
    "speed",
    "commands/index",
    "commands/verify",
    "codes/index",
    "codes/node-port-taken",
    "schemas/diff",
    "exit-codes",
  ])("%s fits, is accessible, and asks nobody", async (name) => {
    for (const look of looks) {
      await page.navigate(`file://${folder}/docs/${name}.html`, look);
      await page.photograph(`docs-${name.replace("/", "-")}-${look.width}-${look.scheme}`);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(look.width);
      expect(await page.accessibility("html"), `${name} ${look.width}`).toEqual([]);
      expect(page.complaints((url) => url.startsWith(`file://${folder}/`))).toEqual([]);
    }
  });

  const step = (title: string): string =>
    `[...document.querySelectorAll("a[target=playground]")].find((one) => one.textContent === "${title}")`;

  it("the tour shows its steps in the playground, by the keyboard too", async () => {
    await page.navigate(`http://127.0.0.1:${served.port}/docs/tutorial.html`, { width: 1600, scheme: "light" });
    const shown = "frames.playground.document.querySelector";
    await page.until(`${shown}(".verdict")?.textContent.includes("delivered")`);
    await page.photograph("docs-tutorial-first-step");
    for (const [title, selector, words] of [
      ["Show the rules", "#pane", "KUBE-EXT-"],
      ["Show the difference", "#pane", "client IP is now preserved"],
      ["Show where packets are lost", ".verdict", "dropped"],
      ["Show the mistake", "#pane", "app=carts"],
      ["Show nftables mode without node2", ".verdict", "delivered"],
    ] as const) {
      await page.evaluate(`${step(title)}.focus()`);
      for (const type of ["keyDown", "keyUp"])
        await tab.send("Input.dispatchKeyEvent", { type, key: "Enter", windowsVirtualKeyCode: 13, text: "\r" });
      await page.until(`${shown}("${selector}")?.textContent.includes("${words}")`);
    }
    expect(await page.evaluate("location.hash + history.length")).not.toContain("s=");
    expect(page.complaints((url) => url.startsWith(`http://127.0.0.1:${served.port}/`))).toEqual([]);
  });

  it("the tour works as a file", async () => {
    await page.navigate(`file://${folder}/docs/tutorial.html`, { width: 1024, scheme: "dark" });
    await page.evaluate(`${step("Show the mistake")}.click()`);
    const moved = (): readonly unknown[] =>
      page.events().filter(({ method }) => method === "Page.navigatedWithinDocument");
    await expect.poll(() => moved().length).toBe(1);
    expect(page.complaints((url) => url.startsWith(`file://${folder}/`))).toEqual([]);
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
