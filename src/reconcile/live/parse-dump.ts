import type { Artifact, HostDocument, HostText } from "../../ir/artifact.ts";
import { type AnyLanguage, filesByName, recognizeText } from "../../languages/registry.ts";
import { nodeOfApplyScript } from "../../languages/shell.ts";
import type { SourceText } from "../../model/documents/source.ts";
import { parseDocument } from "./collected-document.ts";

/** The contents of host texts, and the texts that could not be read. */
export interface ParsedDump {
  readonly hosts: readonly HostDocument[];
  readonly problems: readonly DumpProblem[];
}

export interface DumpProblem {
  readonly kind: /** The text is no tool's, as far as its first lines tell. */
    | "unrecognised"
    /** Output for people, such as that of iptables -L: no restore tool accepts it. */
    | "listing"
    /** A collected document that is incomplete. */
    | "broken"
    /** A heading that is not a file of compile. */
    | "unknown-heading";
  readonly file: string;
  /** The index of the text, from 0. */
  readonly source: number;
  readonly line: number;
  readonly message: string;
}

/**
 * Reads any mixture of output of `portolan collect` and `portolan compile`, iptables-save, ip6tables-save, `ipset save`
 * and `ipvsadm -Sn`. Texts without a host name form one host. File names of `compile --out-dir` count, and decide the
 * family of rules without addresses. Rules are not parsed: a recognised text may still be broken.
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

/** A text and its index, from 0. */
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

/** A text saved by a tool; rules by family. */
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
  return { hosts: hostsOf([...byNode.values()], "compiled").hosts, problems };
}

/** Documents without a host name form one host, and so do those of one name. */
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
