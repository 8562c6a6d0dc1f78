import type { SavedSet } from "../../src/tools/ipset/parse.ts";
import type { SavedServer } from "../../src/tools/ipvs/parse.ts";
import type { Share } from "./share.ts";

/** What the node's kernel knows besides the rules: which addresses are its own (loopback always is). */
export interface World {
  readonly nodeAddresses: readonly string[];
  readonly ipvs?: IpvsState;
}

export interface IpvsState {
  /** On the dummy device, which makes them the node's own. */
  readonly serviceAddresses: readonly string[];
  readonly sets: readonly SavedSet[];
  readonly servers: readonly SavedServer[];
}

export type Entry = "outside" | "pod" | "node";

/** The first packet of a connection. */
export interface Packet {
  readonly entry: Entry;
  /** Needed only where a rule asks for it; a packet from the node itself has none. */
  readonly inInterface?: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly port: number;
}

export type Verdict =
  | { readonly kind: "delivered"; readonly address: string; readonly port: number; readonly masqueraded: boolean }
  | { readonly kind: "rejected" }
  | { readonly kind: "dropped" }
  /** Goes on as if there were no rules: same destination, and nobody refused it. */
  | { readonly kind: "untouched"; readonly masqueraded: boolean };

export interface Outcome {
  readonly share: Share;
  readonly verdict: Verdict;
}

/** A part of the packets on their way: all that took the same turns so far. */
export interface Flow {
  readonly share: Share;
  readonly packet: Packet;
  readonly destination: string;
  readonly port: number;
  readonly mark: number;
  readonly translated: boolean;
  readonly masqueraded: boolean;
  /** Set once IPVS has sent the packet on. */
  readonly virtualServer?: SavedServer;
}
