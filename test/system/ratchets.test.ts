import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const config = join(root, "scripts/lint.json");
const workspace = mkdtempSync(join(tmpdir(), "ratchets-"));
afterAll(() => rmSync(workspace, { recursive: true }));

interface LintConfig {
  readonly overrides: readonly Override[];
}

interface Override {
  readonly includes: readonly string[];
  readonly linter: { readonly rules: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
}

interface Finding {
  readonly category: string;
  readonly location: { readonly path: string };
}

/** What Biome reports, as `path rule`. */
function lint(directory: string, configFile: string): readonly string[] {
  const args = ["lint", `--config-path=${configFile}`, "--max-diagnostics=none", "--reporter=json", "."];
  const { stdout } = spawnSync(join(root, "node_modules/.bin/biome"), args, { cwd: directory, encoding: "utf8" });
  const { diagnostics }: { diagnostics: readonly Finding[] } = JSON.parse(stdout);
  return [...new Set(diagnostics.map(({ category, location }) => `${location.path} ${category.split("/").at(-1)}`))];
}

function write(directory: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

const longFunction = (lines: number) =>
  `export function long(): number {\n  let sum = 0;\n${"  sum += 1;\n\n".repeat(lines - 4)}  return sum;\n}\n`;
const parameters = "export const sum = (a: number, b: number, c: number, d: number, e: number) => a + b + c + d + e;\n";
const assertion = "export const first = (all: readonly string[]) => all[0]!;\n";

describe("lint finds", () => {
  const broken = {
    "src/model/parameters.ts": parameters,
    "src/plan/lines.ts": longFunction(61),
    "src/host/BadName.ts": "export const a = 1;\n",
    "test/bad_name.test.ts": "export const a = 1;\n",
    "scripts/badName.d.mts": "export const a: number;\n",
    "src/report/assertion.ts": assertion,
    "src/datapath/effect.ts": 'import { readFileSync } from "node:fs";\nexport const a = readFileSync;\n',
    "src/evaluate/clock.ts": "export const now = () => Date.now();\n",
    "src/app/process.ts": "export const argv = () => process.argv;\n",
    "src/languages/console.ts": "export const log = () => console.log();\n",
    "src/compile.ts": 'export { execa } from "execa";\n',
    "test/churn.ts": parameters,
  };
  const fine = {
    "src/model/four.ts": "export const sum = (a: number, b: number, c: number, d: number) => a + b + c + d;\n",
    "src/plan/sixty.ts": longFunction(60),
    "src/host/read-file.ts": 'import { readFileSync } from "node:fs";\nexport const a = readFileSync;\n',
    "src/cli/clock.ts": "export const now = () => Date.now();\n",
    "src/languages/sha256.ts": assertion,
    "test/long.test.ts": longFunction(61),
    "scripts/parse.d.mts": "export const a: number;\n",
  };

  it("each rule's offender, and nothing in files that keep the rules", () => {
    const found = lint(write(join(workspace, "broken"), { ...broken, ...fine }), config);
    expect(found.toSorted()).toEqual([
      "scripts/badName.d.mts useFilenamingConvention",
      "src/app/process.ts noRestrictedGlobals",
      "src/compile.ts noBarrelFile",
      "src/compile.ts noRestrictedImports",
      "src/datapath/effect.ts noRestrictedImports",
      "src/evaluate/clock.ts noRestrictedGlobals",
      "src/host/BadName.ts useFilenamingConvention",
      "src/languages/console.ts noConsole",
      "src/languages/console.ts noRestrictedGlobals",
      "src/model/parameters.ts useMaxParams",
      "src/plan/lines.ts noExcessiveLinesPerFunction",
      "src/report/assertion.ts noNonNullAssertion",
      "test/bad_name.test.ts useFilenamingConvention",
      "test/churn.ts useMaxParams",
    ]);
  });
});

describe("the spelling check", () => {
  const words = readFileSync(join(root, "scripts/words.txt"), "utf8");

  function check(text: string): string {
    const file = join(write(join(workspace, "spelling"), { "text.ts": text }), "text.ts");
    const spelling = ["lint", "--config", join(root, "scripts/cspell.json"), "--root", workspace, "--no-color"];
    const options = ["--no-progress", "--no-summary", "--no-gitignore", file];
    return spawnSync(join(root, "node_modules/.bin/cspell"), [...spelling, ...options], { encoding: "utf8" }).stdout;
  }

  it("finds a misspelled word, in names as well, and knows the project's own", () => {
    const found = check("// They recieve traffic of the nfacct counters.\nexport const endpointAdress = 1;\n");
    expect(found.match(/Unknown word \(\w+\)/g)).toEqual(["Unknown word (recieve)", "Unknown word (Adress)"]);
  });

  it("has a sorted list of words, one a line", () => {
    const lines = words.trimEnd().split("\n");
    expect(lines).toEqual([...new Set(lines)].toSorted());
    expect(lines.filter((line) => !/^[a-z]+$/.test(line))).toEqual([]);
  });
});

describe("the lists of files that a rule of lint spares", () => {
  const { overrides, ...rest } = JSON.parse(readFileSync(config, "utf8")) as LintConfig;
  const spared = overrides.flatMap(({ includes, linter }) =>
    Object.values(linter.rules)
      .flatMap((group) => Object.entries(group))
      .filter(([, level]) => level === "off")
      .flatMap(([rule]) => includes.map((glob) => ({ rule, glob }))),
  );
  const strict = join(workspace, "strict.json");
  writeFileSync(strict, JSON.stringify(rest));
  const offenders = lint(root, strict);

  it.each(spared)("hold no file that keeps the rule: $rule $glob", ({ rule, glob }) => {
    const files = offenders.filter((one) => one.endsWith(` ${rule}`)).map((one) => one.slice(0, -rule.length - 1));
    expect(files.filter((path) => matchesGlob(path, glob))).not.toEqual([]);
  });
});

function matchesGlob(path: string, glob: string): boolean {
  const pattern = glob.replaceAll(".", "\\.").replaceAll("**/", "(?:.*/)?").replace(/\*\*$/, ".*");
  return new RegExp(`^${pattern}$`).test(path);
}
