import type { Hop } from "../datapath/packet.ts";
import { type Artifact, artifactsOf, type LanguageId, type LineOrigin, type Script } from "../ir/artifact.ts";
import { savedLanguages } from "../languages/registry.ts";
import type { MetRule, PlacedLine, PlacedObject, ReadLine, RuleReading, TextReader } from "../languages/text-reader.ts";
import { createTextReaders } from "../languages/text-readers.ts";
import { ownChains } from "../programs/registry.ts";

const rules = createTextReaders(ownChains);
const readers: Readonly<Partial<Record<LanguageId, TextReader>>> = rules;

/** The live or desired rules of a node, compiled or dumped, in parsed form. */
export interface Texts {
  readonly chains: readonly PlacedObject[];
  readonly byName: ReadonlyMap<string, readonly PlacedObject[]>;
  /** Sets and maps. */
  readonly sets: readonly PlacedObject[];
  /** The lines of virtual servers and addresses. */
  readonly others: readonly PlacedLine[];
  readonly causeOf: (file: string, line: number) => LineOrigin | undefined;
  /** What could not be read, each with file and line. */
  readonly problems: readonly string[];
  /** The first text that ends too early, if any. */
  readonly cutOff: string | undefined;
}

/** Parses the texts of a host. */
export function readTexts(texts: readonly Artifact[]): Texts {
  const chains: PlacedObject[] = [];
  const sets: PlacedObject[] = [];
  const others: PlacedLine[] = [];
  const problems: string[] = [];
  const origins = new Map<string, ReadonlyMap<number, LineOrigin>>();
  let cutOff: string | undefined;
  for (const text of texts) {
    const { file } = text;
    if (text.origins.length > 0) origins.set(file, new Map(text.origins.map((origin) => [origin.line, origin])));
    const read = readers[text.language]?.read(text);
    if (read === undefined) continue;
    for (const chain of read.chains) chains.push(chain);
    sets.push(...read.sets);
    for (const line of read.others) others.push(line);
    const sorted = [...read.problems].sort((a, b) => a.line - b.line);
    for (const { line, words, isCutOff } of sorted) {
      const problem = `${file}:${line}: ${words}`;
      problems.push(problem);
      if (isCutOff) cutOff ??= problem;
    }
  }
  let byName: Texts["byName"] | undefined;
  return {
    chains,
    get byName() {
      byName ??= groupByName(chains);
      return byName;
    },
    sets,
    others,
    problems,
    cutOff,
    causeOf: origins.size === 0 ? () => undefined : (file, line) => origins.get(file)?.get(line),
  };
}

/** The texts of a script that was compiled with origins. */
export function textsOfScript(script: Script): readonly Artifact[] {
  return artifactsOf(script).filter(({ language }) => savedLanguages.has(language));
}

/** A rule that a packet met, in words. */
export function describeMet({ rule, element }: Extract<Hop, { readonly kind: "rule" }>): MetRule {
  return rules[rule.language].describeMet(rule, element);
}

/** What a chain of iptables is if the kernel calls it, completing "it ...". */
export const { entryOf } = rules.iptables;

/** What a line is by its form; undefined: no language has such lines. */
export function readLine(line: string): ReadLine | undefined {
  for (const reader of Object.values(readers)) {
    const read = reader.readLine(line);
    if (read !== undefined) return read;
  }
  return undefined;
}

function groupByName(chains: readonly PlacedObject[]): ReadonlyMap<string, readonly PlacedObject[]> {
  const groups = new Map<string, PlacedObject[]>();
  for (const chain of chains) {
    const group = groups.get(chain.name);
    if (group === undefined) groups.set(chain.name, [chain]);
    else group.push(chain);
  }
  return groups;
}

/** The chains of a name: there may be one in each family and table. */
export function chainsNamed({ byName }: Texts, name: string): readonly PlacedObject[] {
  return byName.get(name) ?? [];
}

/** Chains, sets and maps of one table. */
export function besides({ chains, sets }: Texts, { language, family, table }: PlacedObject): readonly PlacedObject[] {
  const isBeside = (other: PlacedObject): boolean =>
    other.language === language && other.family === family && other.table === table;
  return [...chains.filter(isBeside), ...sets.filter(isBeside)];
}

/** What rules that lead to a chain or a map call it. */
export function calleeName({ kind, name }: Pick<PlacedObject, "kind" | "name">): string {
  return kind === "chain" ? name : `@${name}`;
}

/** The chains and maps that a rule leads to. */
export function calleesOf({ exits }: RuleReading): readonly string[] {
  return exits.flatMap(({ to }) => (to.kind === "callee" ? [to.name] : []));
}

/** What any line of a chain or map leads to, found without parsing them. */
export function calledBy(object: PlacedObject): readonly string[] {
  return object.lines.flatMap((_, at) => object.calls(at));
}

/** Whether a chain or set is in the table that is asked for: `nat`, `ip kube-proxy`, `kube-proxy`; undefined: in any. */
export function isInTable({ table }: { readonly table: string }, asked: string | undefined): boolean {
  return asked === undefined || table === asked || table.endsWith(` ${asked}`);
}

/** What a line of a text is, from its place. */
export function lineAt({ chains, sets, others }: Texts, file: string, line: number): ReadLine | undefined {
  const objects = [...chains, ...sets].filter((object) => object.file === file);
  const declared = objects.find(({ declaredAt }) => declaredAt === line);
  if (declared !== undefined) return namedBy(declared);
  const holder = objects.find(({ numbers }) => numbers.includes(line));
  if (holder !== undefined) return lineOf(holder, line);
  const other = others.find((each) => each.file === file && each.line === line);
  if (other !== undefined) return { kind: "entries", texts: [other.text], table: undefined, name: undefined };
  return blockAt(objects, line);
}

/** Whether each of its chains is of a language whose tool refuses single lines. */
export function isRefusedByLine({ chains }: Texts): boolean {
  return chains.every(({ language }) => readers[language]?.isRefusedByLine === true);
}

/** Within the braces of a chain or set, but neither a rule nor an element: the declaration before it. */
function blockAt(objects: readonly PlacedObject[], line: number): ReadLine | undefined {
  const starts = (object: PlacedObject): number => object.declaredAt ?? Number.POSITIVE_INFINITY;
  const blocks = objects
    .filter(({ language }) => readers[language]?.hasBlocks === true)
    .sort((a, b) => starts(a) - starts(b));
  const at = blocks.findLastIndex((block) => starts(block) < line);
  const [block, next] = [blocks[at], blocks[at + 1]];
  if (block === undefined) return undefined;
  return next !== undefined || block.numbers.some((number) => number > line) ? namedBy(block) : undefined;
}

function namedBy({ name, table }: PlacedObject): ReadLine {
  return { kind: "object", name, table: table === "" ? undefined : table };
}

function lineOf({ kind, language, table, name, lines, numbers }: PlacedObject, line: number): ReadLine | undefined {
  const texts = lines.filter((_, at) => numbers[at] === line);
  if (kind !== "chain") return { kind: "entries", texts, table: table === "" ? undefined : table, name };
  const reader = readers[language];
  const read = (reader?.readRule ?? reader?.readLine)?.(texts[0] ?? "");
  return read?.kind === "rule" ? { kind: "rule", rule: { ...read.rule, table, chain: name } } : read;
}
