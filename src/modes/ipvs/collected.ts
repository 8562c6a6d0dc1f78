import type { Endpoint } from "../../resolve/forwarding-plan.ts";
import type { Cause } from "../cause.ts";
import { type SetKey, setKeys } from "./sets.ts";

/** A virtual server and where it sends to. */
export interface VirtualServer {
  /** The line that adds it. */
  readonly add: string;
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
  readonly cause: Cause;
}

/**
 * What the service ports of one family ask of the kernel. Entries that several ask for are kept once; a virtual
 * server belongs to the first that names it.
 */
export interface Collected {
  /** Per set the entries, each with what asked for it first. Addresses on the dummy device are the set `boundIps`. */
  readonly entries: Readonly<Record<SetKey, Map<string, Cause>>>;
  /** By key, such as `-t 10.96.0.10:80`. */
  readonly servers: Map<string, VirtualServer>;
  /** Rules that keep this node from load balancer addresses whose source ranges leave it out. */
  readonly closedToNode: { readonly rule: string; readonly cause: Cause }[];
}

export function createCollected(): Collected {
  const entries = Object.fromEntries(setKeys.map((key) => [key, new Map()])) as Record<SetKey, Map<string, Cause>>;
  return { entries, servers: new Map(), closedToNode: [] };
}
