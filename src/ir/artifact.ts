import type { Family } from "../model/address.ts";

/** One process: its arguments and its standard input as UTF-8 text. This is the only way to run anything on a host. */
export interface Step<Input extends string | Uint8Array = string> {
  /** The purpose of the step, in a few words. */
  readonly purpose: string;
  readonly argv: readonly string[];
  /** Empty for a process that reads nothing. */
  readonly stdin: Input;
  /** The step may fail without consequences, for example if a connection has already ended. */
  readonly mayFail?: boolean;
}

/** The steps that program a host without any state, in this order. */
export interface Script {
  readonly steps: readonly ScriptStep[];
}

/** A step of a script, which feeds a tool an artifact. Bytes, since a cluster has megabytes of rules. */
export interface ScriptStep extends Step<Uint8Array> {
  readonly language: LanguageId;
  /** Of rules; undefined where the language holds both families in one text. */
  readonly family?: Family;
  /** The name under which `--out-dir` keeps `stdin`; undefined for a step that reads nothing. */
  readonly file: string | undefined;
  /** If requested: the origin of each line. */
  readonly origins?: readonly LineOrigin[];
  /** Of jumps: the built-in chains that they go to the end of. In others they go to the head. */
  readonly appendsTo?: readonly string[];
}

/** A feature of the kernel or its tools that steps need, and commands that test for it. */
export interface Feature {
  /** `match recent (iptables)`, `set type hash:ip,port` ... */
  readonly name: string;
  /** Run in a temporary network namespace, in this order; the feature exists if the last command succeeds. */
  readonly commands: readonly string[];
}

export interface LineOrigin {
  /** Line of `stdin`, from 1. */
  readonly line: number;
  /** `Service shop/web`, `EndpointSlice shop/web-x7k2p`, or `kube-proxy` for what is always there. */
  readonly object: string;
  readonly field: string;
  readonly document: number | undefined;
  readonly path: readonly (string | number)[];
}

/**
 * An order in which every prefix is safe: first unreferenced objects, then the references to them, last the deletion of
 * what is no longer referenced. At any time a packet is handled as before or as after.
 */
export interface PhasedSteps {
  readonly make: readonly Step[];
  readonly switchOver: readonly Step[];
  readonly remove: readonly Step[];
}

/** A step that feeds lines to a tool; none where there are no lines. */
export function feed(purpose: string, argv: readonly string[], lines: readonly string[]): readonly Step[] {
  return lines.length === 0 ? [] : [{ purpose, argv, stdin: `${lines.join("\n")}\n` }];
}

/** How a tool is spoken: the languages of languages/registry.ts. */
export type LanguageId =
  | "iptables"
  | "ipset"
  | "ipvs"
  | "ipvs-timeouts"
  | "iproute"
  | "sysctl"
  | "nfacct"
  | "conntrack"
  | "nftables";

/** A text of a tool, and what to call it when a line of it is named: `iptables.restore`, `node1.save`. */
export interface TextPart {
  readonly file: string;
  readonly text: string;
  /** The table of rules that stand in no table: `iptables -S` does not print it. */
  readonly table?: string | undefined;
}

/** What is wrong with a line of a tool's text, counted from 1. */
export interface TextProblem {
  readonly line: number;
  readonly message: string;
}

/** The same in one of several texts. */
export interface PlacedProblem extends TextProblem {
  readonly file: string;
}

/** Of iptables. A host may have both: tables of one are not in the other. */
export type Backend = "legacy" | "nft";

/** The tool for the rules of a family, which the names of its `-save` and `-restore` begin with. */
export const toolNames = { ipv4: "iptables", ipv6: "ip6tables" } as const;

/** A text in one language, made by a program or read from a host. */
export interface Artifact extends TextPart {
  readonly language: LanguageId;
  /** Of rules; undefined where the language holds both families in one text. */
  readonly family: Family | undefined;
  /** The origins of its lines; empty if they were not kept or are unknown. */
  readonly origins: readonly LineOrigin[];
}

/** The artifacts of a script, in the order a host takes them in. */
export function artifactsOf({ steps }: Script): readonly Artifact[] {
  const decoder = new TextDecoder();
  return steps.flatMap(({ language, family, file, stdin, origins = [] }) =>
    file === undefined || stdin.length === 0 ? [] : [{ language, family, file, text: decoder.decode(stdin), origins }],
  );
}

/**
 * The live state of one host, as its tools print it: `collect` writes it, and every command that reads dumps creates
 * it. It is in ir/ because all layers use it.
 */
export interface HostDocument {
  /** The source of the texts: `collect`, which is complete; `compile`; or files saved one by one. */
  readonly kind: "collected" | "compiled" | "saved";
  /** Of a collected document; those without a version are of the first. */
  readonly version: number;
  /** The host's own name, or that of the heading over its texts; undefined if neither exists. */
  readonly name: string | undefined;
  readonly texts: readonly HostText[];
  /** Why there is no text under a heading: the tool is not installed, or what it printed when it failed. */
  readonly failures: Readonly<Record<string, string>>;
}

export interface HostText extends Artifact {
  /** The command that prints such a text: `iptables-save`. */
  readonly heading: string;
  /** Which of the texts that were read it is in, from 0. */
  readonly source: number;
  /** The line of that text at which it begins, from 1. */
  readonly firstLine: number;
  /** The line of that text that all of it is in, as a value in a log. */
  readonly quotedAt?: number;
}

/** A text with blank lines for what comes before it in its file, so that its lines count as there. */
export function placedText({ text, firstLine }: HostText): string {
  return "\n".repeat(firstLine - 1) + text;
}

/** The texts under a heading, in order. */
export function textsUnder({ texts }: HostDocument, heading: string): readonly HostText[] {
  return texts.filter((text) => text.heading === heading);
}

/** In a document or a process result: the tool does not exist. */
export const notInstalled = "not installed";
