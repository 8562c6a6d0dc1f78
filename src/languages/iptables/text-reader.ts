import type { Artifact } from "../../ir/artifact.ts";
import type { Action } from "../../ir/datapath.ts";
import {
  type AskedRule,
  type Callee,
  fates,
  type MetRule,
  type PlacedObject,
  type PlacedRule,
  type ReadLine,
  type ReadText,
  type RuleExit,
  type RuleReading,
  type RuleTextReader,
  type Share,
  type TextProblem,
  translatedTo,
} from "../text-reader.ts";
import { canonicalRule } from "./canonical-rule.ts";
import { describeMatch, describeRule, describeTarget } from "./describe-rule.ts";
import { forkShares } from "./fork-shares.ts";
import type { OwnChains } from "./own-chains.ts";
import { concernsRules, parseRules } from "./parse.ts";
import { parseRule } from "./parse-rule.ts";
import { type RuleTextProblem, readTables, type SavedChain } from "./read-tables.ts";
import type { Match, Rule } from "./rule.ts";
import { builtInChains, targetOf } from "./rule-lines.ts";

/** Reads chains and rules of iptables-save, in words that know what programs have chains for. */
export function createTextReader(own: OwnChains): RuleTextReader {
  return {
    read: (text) => readRules(text, own),
    readLine: (line) => readLine(line, own),
    isRefusedByLine: true,
    describeMet: ({ text, line, action }) => describeMet(ruleIn(text, line), action, own),
    entryOf,
  };
}

/** A line that cannot be read stays as it is. */
function ruleIn(text: string, line: number): Rule {
  const read = parseRule({ text, line, counters: undefined });
  if (read.kind === "rule") return read.rule;
  return { chain: "", line, text, counters: undefined, matches: [], target: { kind: "unknown", words: [text] } };
}

function describeMet(rule: Rule, action: Action, own: OwnChains): MetRule {
  const comments = rule.matches.flatMap((match) => (match.kind === "comment" ? [match.text] : []));
  const comment = comments.length === 0 ? undefined : comments.join("; ");
  return { words: describeRule(rule, own), comment, goesTo: goesTo(rule, action) };
}

/** A range of addresses is not a single destination. */
function goesTo({ target }: Rule, action: Action): string | undefined {
  if (target.kind === "jump" || target.kind === "goto") return target.chain;
  return target.kind === "dnat" && action.kind === "dnat" ? target.destination : undefined;
}

function readRules(text: Artifact, own: OwnChains): ReadText {
  const { tables, problems } = readTables([text]);
  const found: RuleTextProblem[] = problems.filter(concernsRules);
  const chains: PlacedObject[] = [];
  for (const [table, named] of tables) {
    for (const chain of named.values()) {
      chains.push(new ChainOfText(chain, table, text, own));
      if (!chain.lines.every(isUsual)) found.push(...parseRules(chain).problems);
    }
  }
  return { chains, sets: [], others: [], problems: found.map(problemOf) };
}

/** Rules of a chain that is not declared are kept. */
function problemOf({ line, message, kind }: RuleTextProblem): TextProblem {
  const words = `${message}${kind === "line" ? ": the line is ignored" : ""}`;
  return { line, words, isCutOff: kind === "cut-off" };
}

/** A class, since there is one for each of 100,000 endpoints: it costs a third of an object with a getter. */
class ChainOfText implements PlacedObject {
  readonly language = "iptables";
  readonly kind = "chain";
  readonly type = undefined;
  readonly family: PlacedObject["family"];
  readonly table: string;
  readonly file: string;
  readonly #chain: SavedChain;
  readonly #own: OwnChains;
  #rules: readonly PlacedRule[] | undefined;

  constructor(chain: SavedChain, table: string, { family = "ipv4", file }: Artifact, own: OwnChains) {
    this.family = family;
    this.table = table;
    this.file = file;
    this.#chain = chain;
    this.#own = own;
  }

  get name(): string {
    return this.#chain.name;
  }

  get declaredAt(): number | undefined {
    return this.#chain.declaredAt;
  }

  get declaration(): string {
    return `:${this.name} ${this.#chain.policy ?? "-"} [0:0]`;
  }

  get entry(): string | undefined {
    return entryOf(this.name);
  }

  get lines(): readonly string[] {
    return this.#chain.lines;
  }

  get numbers(): readonly number[] {
    return this.#chain.numbers;
  }

  get rules(): readonly PlacedRule[] {
    this.#rules ??= this.#place();
    return this.#rules;
  }

  #place(): readonly PlacedRule[] {
    const rules = parseRules(this.#chain).rules.map(({ rule }) => rule);
    const shares = forkShares(rules, this.#own);
    return rules.map((rule, at) => this.#placeRule(rule, at, shares[at]));
  }

  #placeRule(rule: Rule, at: number, share: Share | undefined): PlacedRule {
    const { family, table, file, name: chain } = this;
    const place = { family, table, chain, file, line: rule.line, number: at + 1 };
    return Object.assign(readingOf(rule, share, this.#own), place);
  }

  /** Where packets are shared out, a rule depends on those before it. */
  rulesOn(isAsked: (line: number) => boolean): readonly PlacedRule[] {
    const { lines, numbers } = this;
    if (this.#rules !== undefined || lines.some((line) => line.includes(" -m statistic ")))
      return this.rules.filter(({ line }) => isAsked(line));
    let before = 0;
    return lines.flatMap((text, at) => {
      const line = numbers[at] ?? 0;
      const asked = isAsked(line);
      const read = asked || !isUsual(text) ? parseRule({ text, line, counters: undefined }) : undefined;
      if (read?.kind === "broken") return [];
      before += 1;
      return asked && read !== undefined ? [this.#placeRule(read.rule, before - 1, undefined)] : [];
    });
  }

  calls(at: number): readonly Callee[] {
    return [targetOf(this.lines[at] ?? "") ?? []].flat();
  }

  describeLine(at: number): { readonly words: string } | undefined {
    const read = parseRule({ text: this.lines[at] ?? "", line: 0, counters: undefined });
    return read.kind === "rule" ? { words: describeRule(read.rule, this.#own) } : undefined;
  }
}

/** What a chain that the kernel calls is, completing "it ...". */
function entryOf(name: string): string | undefined {
  return builtInChains.has(name)
    ? "is a built-in chain of the kernel: every packet at this hook traverses it"
    : undefined;
}

/** A rule of an endpoint or a service port as kube-proxy writes it: nearly all lines, which parse without a problem. */
const usual =
  /^-A \S+(?: ! -s [\d.a-f:/]+)?(?: -[sd] [\d.a-f:/]+)*(?: -p (?:tcp|udp|sctp))?(?: -m comment --comment (?:"[^"\\]*"|[^\s"]+))?(?: -m statistic --mode random --probability [01]\.\d+)?(?: -m (?:tcp|udp|sctp))?(?: --dport \d{1,5})? -j (?:[A-Z][A-Z0-9-]*|DNAT --to-destination [\d.a-f:[\]]+)$/;

function isUsual(line: string): boolean {
  return usual.test(line);
}

function readingOf(rule: Rule, share: Share | undefined, own: OwnChains): RuleReading {
  const { text, matches, target } = rule;
  // The share already describes the random match.
  const asked = share === undefined ? matches : matches.filter(({ kind }) => kind !== "statistic");
  return {
    text,
    canonical: () => canonicalRule(text),
    inWords: () => describeRule({ matches: asked, target }, own),
    conditions: () => conditionsOf(matches),
    comments: matches.flatMap((match) => (match.kind === "comment" ? [match.text] : [])),
    exits: exitsOf(rule),
    isMarking: target.kind === "jump" && own.roleOf(target.chain) === "mark",
    hasBranches: false,
    sets: matches.flatMap((match) => (match.kind === "set" ? [match.name] : [])),
    share,
  };
}

function conditionsOf(matches: readonly Match[]): string {
  return matches
    .filter(({ kind }) => kind !== "statistic")
    .map(describeMatch)
    .filter((words) => words !== undefined)
    .join(", ");
}

function exitsOf({ target }: Rule): readonly RuleExit[] {
  const exit = (to: RuleExit["to"]): readonly RuleExit[] => [{ to, key: "", share: undefined }];
  switch (target.kind) {
    case "jump":
    case "goto":
      return exit({ kind: "callee", name: target.chain });
    case "dnat":
      return exit(translatedTo(target.destination));
    case "drop":
    case "reject":
    case "accept":
    case "redirect":
      return exit(fates[target.kind]);
    case "return":
    case "mark":
    case "connmark-set":
    case "connmark-save":
    case "connmark-restore":
    case "masquerade":
    case "snat":
    case "netmap":
    case "notrack":
    case "tproxy":
    case "none":
    case "unknown":
      return [];
  }
}

/** `:CHAIN - [0:0]`, `[1:60] -A CHAIN ...`. */
function readLine(line: string, own: OwnChains): ReadLine | undefined {
  const text = line.replace(/^\[\d+:\d+\]\s*/, "").trim();
  const [, declared] = /^:(\S+)/.exec(text) ?? [];
  if (declared !== undefined) return { kind: "object", name: declared, table: undefined };
  if (!/^[:[-]/.test(line)) return undefined;
  const read = parseRule({ text, line: 1, counters: undefined });
  if (read.kind === "broken") return read;
  return { kind: "rule", rule: askedRule(read.rule, own) };
}

function askedRule(rule: Rule, own: OwnChains): AskedRule {
  return {
    ...readingOf(rule, undefined, own),
    language: "iptables",
    table: undefined,
    chain: rule.chain,
    matches: rule.matches.map((match) => ({ kind: match.kind, words: wordsOf(match) })),
    target: describeTarget(rule.target, own),
  };
}

function wordsOf(match: Match): string {
  if (match.kind === "comment") return `comment, matches every packet: ${match.text}`;
  return describeMatch(match) ?? "repeats the protocol match";
}
