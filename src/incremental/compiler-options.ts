import type { Backend } from "../changes/found/host-state.ts";
import type { CompileOptions } from "../compile.ts";
import type { Family } from "../model/address.ts";

export type Backends = Readonly<Record<Family, Backend>>;

/** The configuration and the Host document may also come as changes, which then take their place. */
export interface CompilerOptions extends Omit<CompileOptions, "keepGoing" | "origins"> {
  /** What the host's iptables are. Steps for nft, the default, are right for legacy as well. */
  readonly backends?: Backends | undefined;
}
