import type { LanguageId } from "../ir/artifact.ts";
import type { Family } from "../model/address.ts";
import { conntrack } from "./conntrack.ts";
import { type DividedSections, divideText } from "./divide-text.ts";
import { iproute } from "./iproute.ts";
import { ipset } from "./ipset/language.ts";
import { iptables } from "./iptables/language.ts";
import { ipvs, ipvsTimeouts } from "./ipvs/language.ts";
import type { AnyLanguage, CollectCommand, LanguageFile } from "./language.ts";
import { nfacct } from "./nfacct.ts";
import { nftables } from "./nftables/language.ts";
import { sysctl } from "./sysctl.ts";

/** In the order of collection. */
export const languageOf = {
  iproute,
  iptables,
  ipset,
  ipvs,
  "ipvs-timeouts": ipvsTimeouts,
  sysctl,
  nfacct,
  conntrack,
  nftables,
} as const satisfies Readonly<Record<LanguageId, AnyLanguage>>;

export const languages: readonly AnyLanguage[] = Object.values(languageOf);

export interface FileInLanguage extends LanguageFile {
  readonly language: LanguageId;
}

/** Files of --out-dir in a host document, by name, in the order of application. */
export const filesByName: ReadonlyMap<string, FileInLanguage> = new Map(
  languages.flatMap(({ id, files }) => files.map((file) => [file.name, { ...file, language: id }])),
);

/** The language of a command's output. */
export interface CommandInLanguage extends CollectCommand {
  readonly language: LanguageId;
}

export const collectCommands: readonly CommandInLanguage[] = languages.flatMap(({ id, collect }) =>
  collect.map((command) => ({ ...command, language: id })),
);

/** Headings of texts with rules, sets, virtual servers or addresses, whose lines can be explained. */
export const saveHeadings: ReadonlySet<string> = new Set([
  ...collectCommands.filter(({ isSave }) => isSave === true).map(({ command }) => command),
  ...[...filesByName.values()].filter(({ isSave }) => isSave === true).map(({ heading }) => heading),
]);

/** The heading of what a host has in a language. */
export function headingOf(id: LanguageId, family: Family = "ipv4"): string {
  const { files }: AnyLanguage = languageOf[id];
  return files.find((file) => file.isSave === true && (file.family ?? family) === family)?.heading ?? "";
}

/** Headings of the texts with the rules of a host, as the tools print them. */
export const ruleHeadings: ReadonlySet<string> = new Set(
  languages.flatMap(({ rules, files }) => (rules === undefined ? [] : files.map(({ heading }) => heading))),
);

/** The languages of these texts. */
export const savedLanguages: ReadonlySet<LanguageId> = new Set(
  languages.filter(({ files }) => files.some(({ isSave }) => isSave === true)).map(({ id }) => id),
);

/** The texts of tools in a text as people have it. */
export function sectionsOf(text: string): DividedSections {
  return divideText(text, languages);
}

/** Whether a text is one that tools print: else it may be YAML or JSON. Looks no further than needed. */
export function isToolText(text: string): boolean {
  let start = 0;
  for (let at = 0; at < text.length && start < mostBefore; start += 1) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(at, Math.min(end, at + longest));
    if (line.startsWith("==> ")) return true;
    const { sections, leftOut } = sectionsOf(line);
    if (sections.length > 0) return true;
    const [first] = leftOut;
    if (first !== undefined && !first.text.startsWith("#") && manifestLine.test(first.text)) return false;
    at = end + 1;
  }
  return false;
}

/** A mapping, a sequence or a document's beginning in YAML, or JSON. */
const manifestLine = /^(?:---|%YAML|[{[]|- |["']?[A-Za-z][\w./-]*["']?:(?: |$))/;

/** Longer lines are not needed to recognise a text, nor are more lines before the first that a tool printed. */
const longest = 300;
const mostBefore = 1000;
