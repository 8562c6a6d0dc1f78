import { type Artifact, artifactsOf, type LanguageId, type LineOrigin, type Script } from "../ir/artifact.ts";
import { concernsRules, parseRules } from "../languages/iptables/parse.ts";
import {
  type RuleTextProblem,
  readTables,
  type SavedChain,
  type SavedTables,
} from "../languages/iptables/read-tables.ts";
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
  /** As in the text, without counters; line numbers beside them. */
  readonly lines: readonly string[];
  readonly numbers: readonly number[];
  /** Parsed when they are first read: most of 100,000 chains never are. */
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
    if (text.origins.length > 0) origins.set(text.file, new Map(text.origins.map((origin) => [origin.line, origin])));
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
  let byName: Texts["byName"] | undefined;
  return {
    chains,
    get byName() {
      byName ??= groupByName(chains);
      return byName;
    },
    others,
    problems,
    cutOff,
    causeOf: origins.size === 0 ? () => undefined : (file, line) => origins.get(file)?.get(line),
  };
}

/** Rules of a chain that is not declared are kept. */
function describeProblem({ file, line, message, kind }: RuleTextProblem): string {
  return `${file}:${line}: ${message}${kind === "line" ? ": the line is ignored" : ""}`;
}

function* chainsOf({ file, family = "ipv4" }: Artifact, { tables }: SavedTables) {
  for (const [table, chains] of tables) {
    for (const chain of chains.values()) {
      const problems = chain.lines.every(isUsual) ? [] : parseRules(chain).problems;
      yield { placed: new ParsedOnDemand(chain, family, table, file), problems };
    }
  }
}

/** A class, since there is one for each of 100,000 endpoints: it costs a third of an object with a getter. */
class ParsedOnDemand implements PlacedChain {
  readonly family: Family;
  readonly table: string;
  readonly file: string;
  readonly #chain: SavedChain;
  #rules: readonly PlacedRule[] | undefined;

  constructor(chain: SavedChain, family: Family, table: string, file: string) {
    this.family = family;
    this.table = table;
    this.file = file;
    this.#chain = chain;
  }

  get name(): string {
    return this.#chain.name;
  }

  get declaredAt(): number | undefined {
    return this.#chain.declaredAt;
  }

  get policy(): string | undefined {
    return this.#chain.policy;
  }

  get lines(): readonly string[] {
    return this.#chain.lines;
  }

  get numbers(): readonly number[] {
    return this.#chain.numbers;
  }

  get rules(): readonly PlacedRule[] {
    const { family, table, file } = this;
    this.#rules ??= parseRules(this.#chain).rules.map(({ rule }, at) => ({
      ...rule,
      family,
      table,
      file,
      number: at + 1,
    }));
    return this.#rules;
  }
}

/** A rule of an endpoint or a service port as kube-proxy writes it: nearly all lines, which parse without a problem. */
const usual =
  /^-A \S+(?: ! -s [\d.a-f:/]+)?(?: -[sd] [\d.a-f:/]+)*(?: -p (?:tcp|udp|sctp))?(?: -m comment --comment (?:"[^"\\]*"|[^\s"]+))?(?: -m statistic --mode random --probability [01]\.\d+)?(?: -m (?:tcp|udp|sctp))?(?: --dport \d{1,5})? -j (?:[A-Z][A-Z0-9-]*|DNAT --to-destination [\d.a-f:[\]]+)$/;

function isUsual(line: string): boolean {
  return usual.test(line);
}

function linesOf({ language, file, text }: Artifact): readonly PlacedLine[] {
  return text
    .split("\n")
    .map((line, at) => ({ language, file, line: at + 1, text: line.trim() }))
    .filter((line) => line.text !== "");
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
