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
