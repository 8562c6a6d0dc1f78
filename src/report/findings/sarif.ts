import type { CatalogEntry } from "../../diagnostics/catalog/entry.ts";
import { catalog } from "../../diagnostics/catalog.ts";
import type { Severity } from "../../diagnostics/diagnostic.ts";
import { printableJson } from "../../diagnostics/printable.ts";
import { type Location, locate } from "../../model/documents/locate.ts";
import { repositoryPath } from "../about.ts";
import { notShownDocument } from "../words.ts";
import { type CheckReport, type Finding, fullMessage } from "./report.ts";

const levels: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

/** Portolan: its version, such as 1.4.0, and where its pages are published, if they are. */
interface Tool {
  readonly version: string;
  readonly homepage?: string;
}

/** `-o sarif`: SARIF 2.1.0, as code scanning reads it. */
export function printSarif(report: CheckReport, { version, homepage }: Tool): string {
  const codes = [...new Set(report.findings.map(({ diagnostic }) => diagnostic.code))].sort();
  const driver = { name: "portolan", version, rules: codes.map((code) => ruleOf(code, homepage)) };
  const results = report.findings.map((finding) => resultOf(finding, codes, report));
  const { notShown } = report;
  const narrowed = notShown === undefined ? {} : { properties: { notShown: notShownDocument(notShown, "findings") } };
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, columnKind: "utf16CodeUnits", results, ...narrowed }],
  };
  return `${printableJson(log, 2)}\n`;
}

/** The page about a diagnostic, below the address at which the pages of `npm run build:web` are published. */
export function helpPage(homepage: string, code: string): string {
  return new URL(`docs/codes/${code}.html`, homepage.endsWith("/") ? homepage : `${homepage}/`).href;
}

/** SARIF takes absolute addresses only: without a homepage there is none, and `help` has the text of the page. */
function ruleOf(code: Finding["diagnostic"]["code"], homepage: string | undefined): object {
  const { severity, message, explanation, hint }: CatalogEntry = catalog[code];
  return {
    id: code,
    ...(homepage === undefined ? {} : { helpUri: helpPage(homepage, code) }),
    shortDescription: { text: message },
    fullDescription: { text: explanation },
    help: { text: hint === undefined ? explanation : `${explanation} Hint: ${hint}.` },
    defaultConfiguration: { level: levels[severity] },
  };
}

function resultOf(finding: Finding, codes: readonly string[], { documents }: CheckReport): object {
  const { diagnostic, file, location, key } = finding;
  const { code, severity, object, field, related } = diagnostic;
  const others = related.flatMap(({ message, origin }) => {
    const document = documents[origin.document];
    const there = document && locate(document, origin.path, "value");
    return there === undefined ? [] : [{ ...physical(there.file, there), message: { text: message } }];
  });
  const name = [object, field].filter((part) => part !== undefined).join(", ");
  const logical = name === "" ? {} : { logicalLocations: [{ fullyQualifiedName: name }] };
  return {
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: levels[severity],
    message: { text: fullMessage(diagnostic) },
    locations: file === undefined ? [] : [{ ...physical(file, location), ...logical }],
    ...(others.length === 0 ? {} : { relatedLocations: others }),
    partialFingerprints: { "portolanFinding/v1": `${key.code} ${key.object} ${key.field}` },
  };
}

function physical(file: string, location: Location | undefined): object {
  const region = location && {
    startLine: location.line,
    startColumn: location.column,
    endColumn: location.column + location.length,
  };
  return {
    physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...(region === undefined ? {} : { region }) },
  };
}

/** Paths stay relative to the repository; a name that is not a path must not look like a URI scheme. */
function uriOf(file: string): string {
  const encoded = repositoryPath(file).replaceAll("\\", "/").split("/").map(encodeURIComponent).join("/");
  return file.startsWith("/") ? `file://${encoded}` : encoded;
}
