/**
 * What a chain of a program does, whatever it is called:
 * - `dispatch`: finds the fragment for a packet by its address; `local-dispatch`: by a port of the host's own addresses
 * - `refusals`: refuses packets to addresses of fragments that have no target
 * - `entry`, `balance`, `target`: of one fragment alone: leads to the others, chooses a target, sends to one target
 * - `mark`: marks packets that `masquerade` masquerades
 * - `forward`: accepts what was translated
 * - `guard`: may have other owners, whose rules stay
 * - `detector`: has no rules, and stays while any chain of the program does
 */
export type ChainRole =
  | "dispatch"
  | "local-dispatch"
  | "refusals"
  | "entry"
  | "balance"
  | "target"
  | "mark"
  | "masquerade"
  | "forward"
  | "guard"
  | "detector";

/** What programs say of the names of chains: which are theirs, and what for. All others are foreign. */
export interface OwnChains {
  readonly isOwned: (chain: string) => boolean;
  /** Undefined for foreign chains, and for those with a role of their own. */
  readonly roleOf: (chain: string) => ChainRole | undefined;
  /** The chains of a role that exist whatever the fragments. */
  readonly named: (role: ChainRole) => readonly string[];
  /** Whether it belongs to one fragment alone: made, filled and deleted with it. */
  readonly isOfFragment: (chain: string) => boolean;
  /** Smaller for callers than for the chains that they call. */
  readonly depthOf: (chain: string) => number;
  /** The only table in which programs have a chain of this name; undefined where there are several, and for others. */
  readonly tableOf: (chain: string) => string | undefined;
  /** All own chains begin so, and foreign ones may. For quick checks of text. */
  readonly prefixes: readonly string[];
  /** The chains of others that share the chains of role `guard` with us. */
  readonly sharing: readonly string[];
}
