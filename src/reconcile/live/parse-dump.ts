import type { Artifact, HostDocument, HostText } from "../../ir/artifact.ts";
import type { TextSection } from "../../languages/divide-text.ts";
import type { AnyLanguage, DividedText } from "../../languages/language.ts";
import { filesByName, languageOf, sectionsOf } from "../../languages/registry.ts";
import { nodeOfApplyScript } from "../../languages/shell.ts";
import type { SourceText } from "../../model/documents/source.ts";
import { ownChains } from "../../programs/registry.ts";
import { parseDocument } from "./collected-document.ts";

/** The contents of host texts, and the texts that could not be read. */
export interface ParsedDump {
  readonly hosts: readonly HostDocument[];
  readonly problems: readonly DumpProblem[];
  /** What was left out or assumed in texts that were read. */
  readonly notes: readonly DumpNote[];
}

export interface DumpProblem extends DumpPlace {
  readonly kind: /** No line of the text is one that a tool prints. */
    | "unrecognised"
    /** A collected document that is incomplete. */
    | "broken"
    /** A heading that is not a file of compile. */
    | "unknown-heading";
}

export interface DumpNote extends DumpPlace {
  readonly kind: /** Lines that no tool prints, or that are not followed. */
    | "left-out"
    /** What the text does not show, and what is assumed instead. */
    | "assumed";
}

interface DumpPlace {
  readonly file: string;
  /** The index of the text, from 0. */
  readonly source: number;
  readonly line: number;
  readonly message: string;
}

/** What any command takes as text of a host. */
export const expectedTexts =
  "output of portolan collect, iptables-save, iptables -S or -L, nft list ruleset, ipset save or list, ipvsadm -Sn or -Ln, conntrack -L, ip addr or ip route, or what kube-proxy logs as input of iptables-restore";

/**
 * Reads any mixture of output of `portolan collect` and `portolan compile` and of what iptables, nft, ipset,
 * ipvsadm, conntrack and ip print, as it is or pasted from a page, a terminal or a log. Texts without a host name form one host.
 * File names of `compile --out-dir` count, and decide the family of rules without addresses. Rules are not parsed: a
 * recognised text may still be broken.
 *
 * @example
 * ```ts
 * import { parseDump } from "portolan";
 * const { hosts } = parseDump("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n");
 * console.log(hosts[0]?.texts[0]?.heading); // "iptables-save"
 * ```
 */
export function parseDump(texts: string | readonly SourceText[]): ParsedDump {
  const sources = typeof texts === "string" ? [{ name: "dump", text: texts }] : texts;
  return joinDumps(sources.map((source, number) => parseSource({ ...source, number })));
}

/** Several dumps, each text of which belongs to the host of its name. */
export function joinDumps(parsed: readonly ParsedDump[]): ParsedDump {
  return {
    hosts: joinHosts(parsed.flatMap(({ hosts }) => hosts)),
    problems: parsed.flatMap(({ problems }) => problems),
    notes: parsed.flatMap(({ notes }) => notes),
  };
}

/** A text and its index, from 0. */
export interface NumberedSource extends SourceText {
  readonly number: number;
}

/** The hosts of a single text. */
export function parseSource(source: NumberedSource): ParsedDump {
  const { name: file, text } = source;
  const named = filesByName.get(file.slice(file.lastIndexOf("/") + 1));
  if (named !== undefined)
    return hostsOf([{ name: undefined, texts: [textOfFile(named, source, text, 1)] }], "compiled");
  if (languageOf.iptables.isWhole(text)) return savedIn(source, [wholeSection(text)]);
  if (/^(?:[ \t]*(?:#.*)?\r?\n)*==> (?!portolan collect )/.test(text)) return parseHeadings(source);
  const documents = [...text.matchAll(/^==> portolan collect .*<==\r?$/gm)].map(({ index }) => index);
  return documents.length === 0 ? parseTools(source) : parseCollected(source, documents);
}

/** Documents of collect, a host each, and what stands around them. */
function parseCollected(source: NumberedSource, starts: readonly number[]): ParsedDump {
  const { name: file, text, number } = source;
  const parsed: ParsedDump[] = [];
  let around = "";
  let at = 0;
  for (const [index, start] of starts.entries()) {
    const next = starts[index + 1] ?? text.length;
    const last = text.lastIndexOf("\n==> end <==", next);
    const end = last < start ? next : endOfLine(text, last + 1);
    const read = parseDocument({ file, text: text.slice(0, end), source: number }, start);
    if (read.kind === "document") parsed.push({ hosts: [read.document], problems: [], notes: [] });
    else {
      const line = text.slice(0, end).trimEnd().split("\n").length;
      const problem = { kind: "broken" as const, file, source: number, line, message: read.message };
      parsed.push({ hosts: [], problems: [problem], notes: [] });
    }
    around += text.slice(at, start) + text.slice(start, end).replace(/[^\n]+/g, "");
    at = end;
  }
  return joinDumps([...parsed, textsOfSections(sectionsOf(around + text.slice(at)), source)]);
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

function parseTools(source: NumberedSource): ParsedDump {
  const { name: file, number } = source;
  const divided = sectionsOf(source.text);
  const { sections } = divided;
  const parsed = textsOfSections(divided, source);
  if (sections.length > 0) return parsed;
  const message = "no line of it is one that a tool prints";
  return { hosts: [], problems: [{ kind: "unrecognised", file, source: number, line: 1, message }], notes: [] };
}

function wholeSection(text: string): SectionText {
  return { language: "iptables", command: undefined, firstLine: 1, isQuoted: false, text, caveat: undefined };
}

interface SectionText extends Pick<TextSection, "language" | "command" | "firstLine" | "isQuoted"> {
  /** As the language's reader accepts it. */
  readonly text: string;
  readonly caveat: string | undefined;
}

function textsOfSections({ sections, leftOut }: ReturnType<typeof sectionsOf>, source: NumberedSource): ParsedDump {
  const place = { file: source.name, source: source.number };
  const unread: DumpNote[] = [];
  const texts: SectionText[] = [];
  for (const { form, lines, ...section } of sections) {
    const { firstLine: line } = section;
    if (form.isUnread !== undefined)
      unread.push({ kind: "left-out", ...place, line, message: `${form.isUnread}: ${lines[0]}` });
    else
      texts.push({
        ...section,
        caveat: form.caveat?.(lines),
        text: `${(form.toSave?.(lines) ?? lines).join("\n")}\n`,
      });
  }
  const { hosts, notes } = savedIn(source, texts);
  return { hosts, problems: [], notes: [...notes, ...unread, ...notesOf(leftOut, place)] };
}

const longestQuote = 60;

/** One note for lines that follow each other. */
function notesOf(
  lines: ReturnType<typeof sectionsOf>["leftOut"],
  place: Pick<DumpPlace, "file" | "source">,
): readonly DumpNote[] {
  const notes: DumpNote[] = [];
  for (let at = 0; at < lines.length; ) {
    const { line, text = "" } = lines[at] ?? { line: 0 };
    let count = 1;
    while (lines[at + count]?.line === line + count) count += 1;
    at += count;
    const shown = text.length > longestQuote ? `${text.slice(0, longestQuote)}...` : text;
    const which = count === 1 ? "this line is" : `this line and ${count - 1} more are`;
    notes.push({ kind: "left-out", ...place, line, message: `${which} left out: no tool prints it: ${shown}` });
  }
  return notes;
}

/** The texts of tools in one source, all of one host. */
function savedIn({ name: file, number }: NumberedSource, sections: readonly SectionText[]): ParsedDump {
  const notes: DumpNote[] = [];
  const texts: HostText[] = [];
  for (const { language: id, command, firstLine, isQuoted, text, caveat } of sections) {
    const language: AnyLanguage = languageOf[id];
    const note = (message: string): unknown =>
      notes.push({ kind: "assumed", file, source: number, line: firstLine, message });
    if (caveat !== undefined) note(caveat);
    const part = { file, language: id, origins: [], source: number };
    const placed = isQuoted ? { firstLine: 1, quotedAt: firstLine } : { firstLine };
    const parts = language.divide?.(text, { file, command, tableOf: ownChains.tableOf }) ?? [wholePart(language, text)];
    for (const { assumed, ...divided } of parts) {
      if (assumed !== undefined) note(assumed);
      texts.push({ ...part, ...placed, ...divided });
    }
  }
  const joined = withoutRepetition(texts);
  return { ...hostsOf(joined.length === 0 ? [] : [{ name: undefined, texts: joined }], "saved"), notes };
}

function wholePart({ collect, id }: AnyLanguage, text: string): DividedText {
  const saved = collect.find(({ isSave }) => isSave === true) ?? collect[0];
  return { family: undefined, heading: saved?.command ?? id, text, assumed: undefined };
}

type NamedFile = NonNullable<ReturnType<typeof filesByName.get>>;

function textOfFile(
  { language, family, heading }: NamedFile,
  { name: file, number: source }: NumberedSource,
  text: string,
  firstLine: number,
): HostText {
  return { language, family, heading, file, text, source, firstLine, origins: [] };
}

interface NamedTexts {
  readonly name: string | undefined;
  readonly texts: readonly HostText[];
}

function hostsOf(hosts: readonly NamedTexts[], kind: HostDocument["kind"]): ParsedDump {
  const documents = hosts.map((host) => ({ kind, version: 1, ...host, failures: {} }));
  return { hosts: documents.map(inOrder), problems: [], notes: [] };
}

const fileNames = [...filesByName.keys()];

/** Files of `compile` in the order in which a host takes them in, whatever the order they were given in. */
function inOrder(host: HostDocument): HostDocument {
  if (host.kind !== "compiled") return host;
  const rank = ({ file }: HostText): number => fileNames.indexOf(file.slice(file.lastIndexOf("/") + 1));
  return { ...host, texts: [...host.texts].sort((a, b) => rank(a) - rank(b)) };
}

/** The document of a host that has the compiled rules. */
export function documentOf(artifacts: readonly Artifact[]): HostDocument {
  const texts = artifacts.map((artifact, source) => {
    const heading = filesByName.get(artifact.file)?.heading ?? artifact.file;
    return { ...artifact, heading, source, firstLine: 1 };
  });
  return { kind: "compiled", version: 1, name: undefined, texts, failures: {} };
}

/** A file of `compile --out-dir`: `iptables.restore`, or `node1/iptables.restore` of `--all-nodes`. */
export interface CompiledFile {
  readonly path: string;
  readonly source: NumberedSource;
  readonly firstLine: number;
}

/** What `compile -o text` prints: files under headings such as `==> node1/iptables.restore <==`. */
function parseHeadings({ name, text, number }: NumberedSource): ParsedDump {
  const headings = [...text.matchAll(/^==> (.*) <==\r?$/gm)];
  const files = headings.map(({ 0: line, 1: path = "", index }, at) => {
    const start = index + line.length + 1;
    const source = { name, number, text: text.slice(start, headings[at + 1]?.index) };
    return { path, source, firstLine: lineAt(text, start) };
  });
  return parseFiles(files);
}

/** The files of compile by folder; `apply.sh` names the node. */
export function parseFiles(files: readonly CompiledFile[]): ParsedDump {
  const byNode = new Map<string, { name: string | undefined; texts: HostText[] }>();
  const problems: DumpProblem[] = [];
  for (const { path, source, firstLine } of files) {
    const slash = path.lastIndexOf("/");
    const file = filesByName.get(path.slice(slash + 1));
    const isScript = path.slice(slash + 1) === "apply.sh";
    if (file === undefined && !isScript) {
      const message = `it has a heading that is none of compile's files`;
      problems.push({ kind: "unknown-heading", file: source.name, source: source.number, line: firstLine, message });
      continue;
    }
    const node = path.slice(0, Math.max(slash, 0));
    const host = byNode.get(node) ?? { name: node === "" ? undefined : node, texts: [] };
    byNode.set(node, host);
    if (file !== undefined) host.texts.push(textOfFile(file, source, source.text, firstLine));
    else host.name ??= nodeOfApplyScript(source.text);
  }
  return { ...hostsOf([...byNode.values()], "compiled"), problems };
}

/**
 * Documents of one name form one host, and so do those without a name. Texts of single tools are of the host that was
 * collected, if there is one.
 */
export function joinHosts(hosts: readonly HostDocument[]): readonly HostDocument[] {
  const byName = new Map<string | undefined, HostDocument>();
  const collected = new Set(
    hosts.flatMap(({ kind, name }) => (kind === "collected" && name !== undefined ? [name] : [])),
  );
  const [only] = collected.size === 1 ? collected : [];
  for (const host of hosts) {
    const name = host.name ?? (host.kind === "saved" ? only : undefined);
    const known = byName.get(name);
    byName.set(name, known === undefined ? { ...host, name } : joinTwo(known, host));
  }
  return [...byName.values()].map(inOrder);
}

function joinTwo(one: HostDocument, other: HostDocument): HostDocument {
  return {
    kind: one.kind === other.kind ? one.kind : "saved",
    version: Math.max(one.version, other.version),
    name: one.name ?? other.name,
    texts: withoutRepetition([...one.texts, ...other.texts]),
    failures: { ...one.failures, ...other.failures },
  };
}

/** Several texts of one family: those that dump the same tables again are of the other back end, unless they are the same. */
function withoutRepetition(texts: readonly HostText[]): readonly HostText[] {
  const kept: HostText[] = [];
  for (const text of texts) {
    const { backEnds }: AnyLanguage = languageOf[text.language];
    const main = backEnds && kept.find(({ heading }) => heading === text.heading);
    const comparison = main && backEnds.compare(main, text);
    if (backEnds !== undefined && comparison === "two")
      kept.push({ ...text, heading: backEnds.otherHeading(text.heading) });
    else if (comparison !== "same") kept.push(text);
  }
  return kept;
}

/** The number of the line that begins at an offset. */
function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", end + 1)) line += 1;
  return line;
}
