/** What a host is told: steps to run in this order. Nothing else can be run. */
export interface Script {
  readonly steps: readonly Step[];
}

/** One process: its arguments and what it reads. Describes a host that has nothing of ours yet. */
export interface Step {
  /** What it is for, in a few words. */
  readonly purpose: string;
  readonly argv: readonly string[];
  /** UTF-8 text. */
  readonly stdin: Uint8Array;
  /** The name under which `--out-dir` keeps `stdin`; undefined for a step that reads nothing. */
  readonly file: string | undefined;
  /** For rule texts, when asked for: where each rule line comes from. */
  readonly origins?: readonly LineOrigin[];
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

/** One process that changes a host. Nothing else can be run. */
export interface ChangeStep {
  /** What it is for, in a few words. */
  readonly purpose: string;
  readonly argv: readonly string[];
  /** UTF-8 text; empty for a process that reads nothing. */
  readonly stdin: string;
  /** What it says when there is nothing left to do, which is no failure: a connection that ended by itself. */
  readonly mayFail?: boolean;
}

/**
 * The order that keeps every prefix safe: first what nothing leads to yet, then what leads traffic there, last what
 * nothing leads to any more. At any moment a packet is treated as before or as after.
 */
export interface PhasedSteps {
  readonly make: readonly ChangeStep[];
  readonly switchOver: readonly ChangeStep[];
  readonly remove: readonly ChangeStep[];
}

/** A step that feeds lines to a tool; none where there are no lines. */
export function feed(purpose: string, argv: readonly string[], lines: readonly string[]): readonly ChangeStep[] {
  return lines.length === 0 ? [] : [{ purpose, argv, stdin: `${lines.join("\n")}\n` }];
}
