import type { Artifact, LanguageId } from "../ir/artifact.ts";
import type { PacketRule } from "../ir/datapath.ts";
import type { Family } from "../model/address.ts";

/** What explanations need of a language: the objects in its texts, and the lines that people ask about. */
export interface TextReader {
  readonly read: (text: Artifact) => ReadText;
  /** What a line is by its form alone; undefined: it is no line of this language. */
  readonly readLine: (line: string) => ReadLine | undefined;
  /** A line of a chain, where its form alone does not show that it is one; undefined: it does. */
  readonly readRule?: (line: string) => ReadLine | undefined;
  /** Its chains and sets are blocks in braces, whose lines are not all rules or elements. */
  readonly hasBlocks?: true;
  /** The tool that loads such a text refuses it with the number of a line, which `explain` finds the fault of. */
  readonly isRefusedByLine?: true;
}

/** The reader of a language with rules of packets. */
export interface RuleTextReader extends TextReader {
  /** A rule that a packet met. `element`: that of a map, or the choice, that decided for it. */
  readonly describeMet: (rule: PacketRule, element: string | undefined) => MetRule;
  /** What a chain of this name is if the kernel calls it, completing "it ...". */
  readonly entryOf: (chain: string) => string | undefined;
}

/** A rule in words: its conditions, then what it does. */
export interface MetRule {
  readonly words: string;
  readonly comment: string | undefined;
  /** The chain or the address that packets go to, if there is one only. */
  readonly goesTo: string | undefined;
}

export interface ReadText {
  readonly chains: readonly PlacedObject[];
  readonly sets: readonly PlacedObject[];
  /** Lines of no chain or set: virtual servers, addresses. */
  readonly others: readonly PlacedLine[];
  readonly problems: readonly TextProblem[];
}

/** `isCutOff`: the text ends too early. */
export interface TextProblem {
  readonly line: number;
  readonly words: string;
  readonly isCutOff: boolean;
}

/** A chain with its rules, or a set or map with its elements. */
export interface PlacedObject {
  readonly language: LanguageId;
  readonly kind: "chain" | "set" | "map";
  /** Undefined where it holds both, or is not of IP. */
  readonly family: Family | undefined;
  /** As its language names it: `nat`, `ip kube-proxy`; empty where sets are in no table. */
  readonly table: string;
  readonly name: string;
  readonly file: string;
  readonly declaredAt: number | undefined;
  /** The line that declares it: `:KUBE-SERVICES - [0:0]`, `chain services`. */
  readonly declaration: string;
  /** Where the kernel calls it, completing "it ..."; undefined where only other chains do. */
  readonly entry: string | undefined;
  /** Of a set or map: the type of its elements. */
  readonly type: string | undefined;
  /** As in the text, without counters; line numbers beside them. */
  readonly lines: readonly string[];
  readonly numbers: readonly number[];
  /** Rules or elements, parsed when they are first read: most of 100,000 chains never are. */
  readonly rules: readonly PlacedRule[];
  /** Some of them, by their lines, without parsing the others where that is possible. */
  readonly rulesOn: (isAsked: (line: number) => boolean) => readonly PlacedRule[];
  /** What one of its lines leads to, found without parsing it. */
  readonly calls: (at: number) => readonly Callee[];
  /** A line in words, without parsing the others; undefined: it cannot be read. */
  readonly describeLine: (at: number) => { readonly words: string | undefined } | undefined;
}

/** The name of a chain, or of a map after `@`. */
export type Callee = string;

/** A rule of a chain, or an element of a set. */
export interface PlacedRule extends RuleReading {
  readonly family: Family | undefined;
  readonly table: string;
  /** The name of its chain or set. */
  readonly chain: string;
  readonly file: string;
  readonly line: number;
  /** Its position in the chain, from 1. */
  readonly number: number;
}

/** What a rule says, wherever it is. */
export interface RuleReading {
  readonly text: string;
  /** Equal for rules that mean the same. */
  readonly canonical: () => string;
  /** Its conditions and what it does; the share of its packets is not among them. */
  readonly inWords: () => string;
  /** The conditions alone, for the edge of a graph. */
  readonly conditions: () => string;
  readonly comments: readonly string[];
  /** Where it sends packets. */
  readonly exits: readonly RuleExit[];
  /** Whether it only marks packets for others: not a way that they take. */
  readonly isMarking: boolean;
  /** Whether the rule has nothing but exits by element: they are listed below it. */
  readonly hasBranches: boolean;
  /** The sets and maps that it looks packets up in. */
  readonly sets: readonly string[];
  /** The fraction of the packets at a fork of its chain; undefined where it is none. */
  readonly share: Share | undefined;
}

/** One way that packets take from a rule. */
export interface RuleExit {
  readonly to:
    | { readonly kind: "callee"; readonly name: Callee }
    | { readonly kind: "endpoint" | "refusal"; readonly id: string; readonly label: string };
  /** The element of a map that leads there; empty where there is none. */
  readonly key: string;
  /** Of the packets of the rule. */
  readonly share: Share | undefined;
}

/** A fraction, rounded for display and exact. */
export interface Share {
  readonly part: number;
  /** `715827883/2147483648`, as the kernel computes it; undefined after too many random matches to be readable. */
  readonly exact: string | undefined;
}

/** One of equal parts, without rounding. */
export function equalShare(count: number): Share {
  return forkPart(1, count);
}

/** Some of equal parts, without rounding. */
export function forkPart(parts: number, of: number): Share {
  return { part: parts / of, exact: `${parts}/${of}` };
}

/** Where packets end, alike in all languages. */
export const fates = {
  accept: { kind: "endpoint", id: "accept", label: "accepted" },
  drop: { kind: "refusal", id: "drop", label: "dropped" },
  reject: { kind: "refusal", id: "reject", label: "rejected" },
  redirect: { kind: "endpoint", id: "to this node", label: "this node" },
} as const satisfies Readonly<Record<string, RuleExit["to"]>>;

/** An endpoint that packets are translated to, `10.0.0.1:80`. */
export function translatedTo(label: string): RuleExit["to"] {
  return { kind: "endpoint", id: `to ${label}`, label };
}

export interface PlacedLine {
  readonly language: LanguageId;
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Completes "it ...". */
  readonly purpose: string;
}

/** A line that somebody asks about. */
export type ReadLine =
  /** It declares, or names, a chain or a set. */
  | { readonly kind: "object"; readonly name: string; readonly table: string | undefined }
  /** Elements of sets, or lines of no chain. */
  | ({ readonly kind: "entries"; readonly texts: readonly string[] } & ObjectPlace)
  | { readonly kind: "rule"; readonly rule: AskedRule }
  | { readonly kind: "broken"; readonly message: string };

/** Where to look; undefined: everywhere. */
export interface ObjectPlace {
  readonly table: string | undefined;
  readonly name: string | undefined;
}

export interface AskedRule extends RuleReading {
  readonly language: LanguageId;
  readonly table: string | undefined;
  /** Undefined where its text names none. */
  readonly chain: string | undefined;
  readonly matches: readonly { readonly kind: string; readonly words: string }[];
  /** What it does. */
  readonly target: string;
}

/** A line in the words of its tool, with blanks made single. */
export function linesOf({ language, file, text }: Artifact, purposeOf: (line: string) => string): PlacedLine[] {
  return text.split("\n").flatMap((line, at) => {
    const own = line.trim();
    return own === "" ? [] : [{ language, file, line: at + 1, text: own, purpose: purposeOf(own) }];
  });
}
