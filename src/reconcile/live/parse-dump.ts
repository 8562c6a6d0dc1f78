import type { Artifact, HostDocument, HostText } from "../../ir/artifact.ts";
import { type AnyLanguage, filesByName, recognizeText } from "../../languages/registry.ts";
import { nodeOfApplyScript } from "../../languages/shell.ts";
import type { SourceText } from "../../model/documents/source.ts";
import { parseDocument } from "./collected-document.ts";

/** What the texts of hosts hold, and which of them could not be read. */
export interface ParsedDump {
  readonly hosts: readonly HostDocument[];
  readonly problems: readonly DumpProblem[];
}

export interface DumpProblem {
  readonly kind: /** The text is no tool's, as far as its first lines tell. */
    | "unrecognised"
    /** What a tool prints for people, such as iptables -L: no restore takes it. */
    | "listing"
    /** A collected document that is not whole. */
    | "broken"
    /** A heading of a compiled text that is none of compile's files. */
    | "unknown-heading";
  readonly file: string;
  /** Which of the texts, from 0. */
  readonly source: number;
  readonly line: number;
  readonly message: string;
}

/**
 * Reads what hosts hold, from any mixture of texts: what `portolan collect` and `portolan compile` write, iptables-save,
 * ip6tables-save, `ipset save`, `ipvsadm -Sn`. Texts that name no host are of one host together; the name of a text counts
 * where it is that of a file of `compile --out-dir`, and to tell the family of rules without addresses. Rules are not
 * looked into: a text that was recognised may still be broken.
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
  const parsed = sources.map((source, number) => parseSource({ ...source, number }));
  return {
    hosts: joinHosts(parsed.flatMap(({ hosts }) => hosts)),
    problems: parsed.flatMap(({ problems }) => problems),
  };
}

/** A text and which of several it is, from 0. */
export interface NumberedSource extends SourceText {
  readonly number: number;
}

/** The hosts of a single text. */
export function parseSource(source: NumberedSource): ParsedDump {
  const { name: file, text, number } = source;
  const named = filesByName.get(file.slice(file.lastIndexOf("/") + 1));
  if (named !== undefined)
    return hostsOf([{ name: undefined, texts: [textOfFile(named, source, text, 1)] }], "compiled");
  const kind = recognizeText(text);
  if (typeof kind !== "string") return hostsOf([{ name: undefined, texts: textsIn(kind, source) }], "saved");
  const problem = (what: DumpProblem["kind"], message: string, line = 1): ParsedDump => ({
    hosts: [],
    problems: [{ kind: what, file, source: number, line, message }],
  });
  switch (kind) {
    case "collected": {
      const parsed = parseDocument({ file, text, source: number });
      const last = text.trimEnd().split("\n").length;
      return parsed.kind === "document"
        ? { hosts: [parsed.document], problems: [] }
        : problem("broken", parsed.message, last);
    }
    case "compiled":
      return parseHeadings(source);
    case "listing":
      return problem("listing", "it is a listing of one table: pass the output of iptables-save");
    case "manifests":
      return problem("unrecognised", "it is no text of iptables, ipset or ipvsadm");
  }
}

/** The text of a language as a tool saved it; rules by family. */
export function textsIn(language: AnyLanguage, { name: file, text, number }: NumberedSource): readonly HostText[] {
  const saves = language.collect.filter(({ isSave }) => isSave === true);
  const heading = saves[0]?.command ?? language.files[0]?.heading ?? language.id;
  const part = { file, language: language.id, origins: [], source: number, firstLine: 1 };
  if (language.splitFamilies === undefined) return [{ ...part, heading, family: undefined, text }];
  return language.splitFamilies(file, text).map(({ family, text: own }) => {
    const save = saves.find((each) => each.family === family);
    return { ...part, heading: save?.command ?? heading, family, text: own };
  });
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
  return { hosts: hosts.map((host) => ({ kind, version: 1, ...host, failures: {} })), problems: [] };
}

/** The document of a host that has what was compiled for it. */
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

/** The files that compile writes for hosts, by the folders they are in; `apply.sh` names its node. */
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
  return { hosts: hostsOf([...byNode.values()], "compiled").hosts, problems };
}

/** Documents of hosts without a name are of one host, and so are those of one name. */
export function joinHosts(hosts: readonly HostDocument[]): readonly HostDocument[] {
  const byName = new Map<string | undefined, HostDocument>();
  for (const host of hosts) {
    const known = byName.get(host.name);
    byName.set(host.name, known === undefined ? host : joinTwo(known, host));
  }
  return [...byName.values()];
}

function joinTwo(one: HostDocument, other: HostDocument): HostDocument {
  return {
    kind: one.kind === other.kind ? one.kind : "saved",
    version: Math.max(one.version, other.version),
    name: one.name,
    texts: [...one.texts, ...other.texts],
    failures: { ...one.failures, ...other.failures },
  };
}

/** The number of the line that begins at an offset. */
function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let end = text.indexOf("\n"); end >= 0 && end < offset; end = text.indexOf("\n", end + 1)) line += 1;
  return line;
}
