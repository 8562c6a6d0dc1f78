import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  documents,
  draw,
  examplesIn,
  picturesIn,
  root,
  run,
  runSample,
  samplesIn,
} from "../../scripts/docs/quoted.mjs";
import { skipFor } from "../harness/skip.ts";

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const pages = documents().map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
const readme = pages.find(({ path }) => path === "README.md")?.text ?? "";
const everything = pages.map(({ text }) => text).join("\n");
const examples = pages.flatMap(({ path, text }) => examplesIn(text).map((example) => ({ path, ...example })));
const pictures = pages.flatMap(({ path, text }) => picturesIn(path, text));
const samples = pages.flatMap(({ path, text }) =>
  samplesIn(text).map((sample) => ({ path, imports: /\{(.*)\} from "portolan"/.exec(sample.code)?.[1], ...sample })),
);
const jqReason = spawnSync("jq", ["--version"]).error === undefined ? undefined : "not installed: jq";

describe("README and documentation", () => {
  it("has examples of three jobs in the README, and more in the documentation", () => {
    expect(examplesIn(readme).length).toBe(3);
    expect(examples.length).toBeGreaterThanOrEqual(10);
  });

  // `npm run docs` writes them again.
  for (const { path, command, output } of examples)
    it(`${path}: ${command}`, skipFor(command.includes("jq") ? jqReason : undefined), () => {
      expect(run(command)).toBe(output);
    });

  it.each(samples)("$path: the sample that imports $imports", ({ code, output }) => {
    expect(runSample(code)).toBe(output);
  });

  it.each(pictures)("$path is what is drawn by $command", (picture) => {
    expect(readFileSync(join(root, picture.path), "utf8")).toBe(draw(picture));
  });

  it("says of every picture which command draws it", () => {
    const shown = pages.flatMap(({ text }) => [...text.matchAll(/^!\[.+\]\((.+)\)$/gm)]);
    expect(shown.length).toBeGreaterThanOrEqual(5);
    expect(pictures.length).toBe(shown.length);
    expect(picturesIn("README.md", readme).map(({ path }) => path)).toEqual([".github/shop.svg"]);
  });

  it("begins with a command that shows the shop, which is in the package", () => {
    const [, first] = /^```sh\nnpm run --silent (\w+)\n```$/m.exec(readme) ?? [];
    expect(manifest.scripts[first ?? ""]).toBe("bash scripts/example.sh");
    expect(manifest.files).toContain("golden/shop/cluster.yaml");
    expect(run(`bash scripts/example.sh`)).toBe(run("portolan tour -f golden/shop/cluster.yaml"));
  });

  it("is one screen: the README has few lines besides examples", () => {
    expect(readme.replace(/^```console\n[\s\S]*?^```$/gm, "").split("\n").length).toBeLessThan(80);
  });

  it("names commands that exist", () => {
    for (const [, script] of everything.matchAll(/npm run (?:--silent )?([\w:]+)/g)) {
      expect(Object.keys(manifest.scripts)).toContain(script);
    }
  });

  it("names parts of the benchmark that exist", () => {
    const bench = ["scripts/bench.mjs", "--only", "none"];
    const { stderr } = spawnSync(process.execPath, bench, { cwd: root, encoding: "utf8" });
    const parts = /is none of (.*)$/m.exec(stderr)?.[1]?.split(", ");
    const named = [...everything.matchAll(/npm run bench -- --only (\w+)/g)].map(([, part]) => part);
    expect(named.length).toBeGreaterThan(2);
    expect(parts).toEqual(expect.arrayContaining(named));
  });

  it("names golden cases that exist for every difference between the modes", () => {
    const rows = [...everything.matchAll(/^\|.*\| `([\w-]+)` \|$/gm)].map(([, name]) => name ?? "");
    expect(rows.length).toBeGreaterThanOrEqual(10);
    for (const name of rows) expect(existsSync(join(root, "golden", name, "packets.txt")), name).toBe(true);
  });

  it.each(pages)("links to files that exist in $path, and to pages that it has", ({ path, text }) => {
    for (const [, link = ""] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      expect(statSync(join(root, dirname(path), link)).isFile(), link).toBe(true);
    }
  });

  it("leads from the README to every page", () => {
    for (const { path } of pages) if (path !== "README.md") expect(readme).toContain(`](${path})`);
  });
});
