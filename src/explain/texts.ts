import {
  type Artifact,
  artifactsOf,
  type LanguageId,
  type LineOrigin,
  type PlacedProblem,
  type Script,
} from "../ir/artifact.ts";
import { concernsRules, parseRules } from "../languages/iptables/parse.ts";
import { readTables, type SavedTables } from "../languages/iptables/read-tables.ts";
import type { Rule } from "../languages/iptables/rule.ts";
import { savedLanguages } from "../languages/registry.ts";
import type { Family } from "../model/address.ts";

/** The live or desired rules of a node, compiled or dumped, in parsed form. */
export interface Texts {
  readonly chains: readonly PlacedChain[];
  readonly byName: ReadonlyMap<string, readonly PlacedChain[]>;
  /** The lines of sets, virtual servers and addresses. */
  readonly others: readonly PlacedLine[];
  readonly causeOf: (file: string, line: number) => LineOrigin | undefined;
  /** What could not be read, each with file and line. */
  readonly problems: readonly string[];
  /** The first text that ends too early, if any. */
  readonly cutOff: string | undefined;
}

export interface PlacedChain {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  readonly file: string;
  readonly declaredAt: number | undefined;
  readonly policy: string | undefined;
  readonly rules: readonly PlacedRule[];
}

export interface PlacedRule extends Rule {
  readonly family: Family;
  readonly table: string;
  readonly file: string;
  /** Its position in the chain, from 1. */
  readonly number: number;
}

export interface PlacedLine {
  readonly language: LanguageId;
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Parses the texts of a host. */
export function readTexts(texts: readonly Artifact[]): Texts {
  const chains: PlacedChain[] = [];
  const others: PlacedLine[] = [];
  const problems: string[] = [];
  const origins = new Map<string, ReadonlyMap<number, LineOrigin>>();
  let cutOff: string | undefined;
  for (const text of texts) {
    origins.set(text.file, new Map(text.origins.map((origin) => [origin.line, origin])));
    if (text.language !== "iptables") {
      others.push(...linesOf(text));
      continue;
    }
    const saved = readTables([text]);
    const broken = saved.problems.filter(concernsRules);
    const cut = broken.find(({ kind }) => kind === "cut-off");
    if (cut !== undefined) cutOff ??= describeProblem(cut);
    for (const chain of chainsOf(text, saved)) {
      chains.push(chain.placed);
      broken.push(...chain.problems);
    }
    broken.sort((a, b) => a.line - b.line);
    problems.push(...broken.map(describeProblem));
  }
  return {
    chains,
    byName: groupByName(chains),
    others,
    problems,
    cutOff,
    causeOf: (file, line) => origins.get(file)?.get(line),
  };
}

function describeProblem({ file, line, message }: PlacedProblem): string {
  return `${file}:${line}: ${message}`;
}

function* chainsOf({ file, family: known }: Artifact, { tables }: SavedTables) {
  const family = known ?? "ipv4";
  for (const [table, chains] of tables) {
    for (const chain of chains.values()) {
      const { rules: read, problems } = parseRules(chain);
      const rules = read.map(({ rule }, at) => ({ ...rule, family, table, file, number: at + 1 }));
      const { name, declaredAt, policy } = chain;
      yield { placed: { name, declaredAt, policy, family, table, file, rules } satisfies PlacedChain, problems };
    }
  }
}

function linesOf({ language, file, text }: Artifact): readonly PlacedLine[] {
  return text
    .split("\n")
    .map((line, at) => ({ language, file, line: at + 1, text: line }))
    .filter((line) => line.text.trim() !== "");
}

/** The texts of a script that was compiled with origins. */
export function textsOfScript(script: Script): readonly Artifact[] {
  return artifactsOf(script).filter(({ language }) => savedLanguages.has(language));
}

function groupByName(chains: readonly PlacedChain[]): ReadonlyMap<string, readonly PlacedChain[]> {
  const groups = new Map<string, PlacedChain[]>();
  for (const chain of chains) {
    const group = groups.get(chain.name);
    if (group === undefined) groups.set(chain.name, [chain]);
    else group.push(chain);
  }
  return groups;
}

/** The chains of a name: there may be one in each family and table. */
export function chainsNamed({ byName }: Texts, name: string): readonly PlacedChain[] {
  return byName.get(name) ?? [];
}

/** The chain that a rule jumps to, by `-j` or `-g`; perhaps the name of an extension target without options. */
export function leadsTo({ target }: Rule): string | undefined {
  return target.kind === "jump" || target.kind === "goto" ? target.chain : undefined;
}
