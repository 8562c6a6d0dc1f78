import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { documents } from "../../scripts/docs/quoted.mjs";

const root = new URL("../..", import.meta.url).pathname;

/** Phrases that a reader has to stop at, and what to write instead. */
const forbidden: readonly (readonly [RegExp, string])[] = [
  [/\bgo on in\b/i, "jump to CHAIN"],
  [/nothing for it in/i, "no rule in CHAIN matches"],
  [/nobody (?:is told|says|asks|can tell)/i, "dropped silently; ... is unknown"],
  [/goes on untouched/i, "not handled (no rule matches)"],
  [/\bwitness/i, "example packet"],
  [/source address is (?:replaced|kept)/i, "client IP is (no longer) preserved"],
  [/clients (?:no longer )?stay\b/i, "session affinity"],
  [/\bshares? per endpoint|other shares\b/i, "traffic per endpoint, load distribution"],
  [/\bevery Service \(of|"every Service"/, "shared base chains"],
  [/as wanted\b/i, "the host matches"],
  [/\btable at once\b/i, "in one transaction"],
  [/\bby chance\b/i, "at random, random source port"],
  [/traffic from (?:in|out)side\b/i, "in-cluster traffic, external traffic"],
  [/\bcomes from outside(?! the)/i, "external traffic, from outside the node"],
  [/not there, and why|\bis not there\b|not there, though/i, "not generated, does not exist"],
  [/there because of it/i, "generated rules"],
  [/\binvented\b/i, "simulated: 5 EndpointSlices, 3 Nodes"],
  [/what is given stays/i, "your values are kept"],
  [/of other kinds left out/i, "ignored: KIND NAME"],
  [/\btake[ns]? away\b/i, "delete"],
  [/\brule leads to\b|which is no chain/i, "jump target CHAIN does not exist in table TABLE"],
  [/this is no text/i, "not recognised as output of COMMAND"],
  [/stays as it was/i, "keeps its last valid state"],
  [/serves? no longer/i, "removed endpoints"],
  [/whom (?:it|does it) hurts?/i, "which Services are affected"],
  [/(?:^|[\s:;,(])say (?:which|what|--|with|-)/i, "pass --FLAG; no input: pass ..."],
  [/\bunless told\b|\bor say\b/i, "pass --FLAG"],
  [/is not a valid name here/i, "is not a valid name: RULE"],
  [/somebody else/i, "another program, foreign"],
  [/\b(?:whose|which) it is of\b|\bhangs? on\b/i, "depends on"],
  [/\bstands twice\b|\bgiven twice\b/i, "defined twice, listed twice"],
  [/taken for granted/i, "assumptions"],
  [/not looked at/i, "not evaluated"],
  [/\bled back\b|leading (?:the host )?back/i, "rolled back"],
  [/\d %/, "33.3%"],
];

/** Texts that may hold a phrase: what compile writes into a script, which never changes. */
const allowed: ReadonlySet<string> = new Set([
  "lead traffic into them",
  // kube-proxy's own comment.
  "masquerade clusterIP traffic from outside cluster",
]);

interface Text {
  readonly place: string;
  readonly text: string;
}

/** String literals and templates of a source file, without their expressions. */
function textsOf(file: string, source: string): readonly Text[] {
  const parsed = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: Text[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    const line = parsed.getLineAndCharacterOfPosition(node.getStart(parsed)).line + 1;
    if (ts.isStringLiteralLike(node) && !ts.isLiteralTypeNode(node.parent))
      found.push({ place: `${file}:${line}`, text: node.text });
    if (ts.isTemplateExpression(node)) {
      const parts = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
      found.push({ place: `${file}:${line}`, text: parts.join("{}") });
    }
    ts.forEachChild(node, visit);
  };
  visit(parsed);
  return found;
}

function linesOf(file: string): readonly Text[] {
  const lines = readFileSync(join(root, file), "utf8").split("\n");
  return lines.map((text, index) => ({ place: `${file}:${index + 1}`, text }));
}

/** `src/a.ts:3: "go on in X": write "jump to CHAIN"` */
function problemsIn(texts: readonly Text[]): readonly string[] {
  return texts.flatMap(({ place, text }) =>
    forbidden
      .filter(([phrase]) => phrase.test(text) && !allowed.has(text))
      .map(([phrase, instead]) => `${place}: "${phrase.exec(text)?.[0]}": write "${instead}"`),
  );
}

function filesIn(folder: string, wanted: RegExp): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && wanted.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

describe("words", () => {
  it("finds a phrase in a literal or a template, and names its place", () => {
    const source = `const a = 1;\nconst b = \`go on in \${a}\`;\n// go on in X\nconst c = "jump to X";\n`;
    expect(problemsIn(textsOf("made-up.ts", source))).toEqual(['made-up.ts:2: "go on in": write "jump to CHAIN"']);
  });

  it("are plain in the texts of src/", () => {
    const files = filesIn("src", /\.ts$/);
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((file) => problemsIn(textsOf(file, readFileSync(join(root, file), "utf8"))))).toEqual([]);
  });

  it("are plain in README.md and the documentation", () => {
    expect(problemsIn(documents().flatMap(linesOf))).toEqual([]);
  });

  it("are plain in the texts of golden cases", () => {
    const files = filesIn("golden", /^(?:case\.yaml|README\.md|(?:packets|diagnostics).*\.txt)$/);
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((file) => problemsIn(linesOf(file)))).toEqual([]);
  });
});
