import type { Family } from "../model/address.ts";
import type { LanguageId } from "./text.ts";

/** One process: its arguments and what it reads, as UTF-8 text. Nothing else can be run on a host. */
export interface Step<Input extends string | Uint8Array = string> {
  /** What it is for, in a few words. */
  readonly purpose: string;
  readonly argv: readonly string[];
  /** Empty for a process that reads nothing. */
  readonly stdin: Input;
  /** What it says when there is nothing left to do, which is no failure: a connection that ended by itself. */
  readonly mayFail?: boolean;
}

/** The steps that program a host which has nothing of ours yet, in this order. */
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
  /** When asked for: where each line comes from. */
  readonly origins?: readonly LineOrigin[];
}

/** Something a kernel or its tools must know for steps to work, and a command that shows whether they do. */
export interface Feature {
  /** `match recent (iptables)`, `set type hash:ip,port` ... */
  readonly name: string;
  /** Run in a scratch network namespace, in this order; a feature is there when its last command succeeds. */
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
 * The order that keeps every prefix safe: first what nothing leads to yet, then what leads traffic there, last what
 * nothing leads to any more. At any moment a packet is treated as before or as after.
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
