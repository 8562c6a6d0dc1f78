import type { ProxyMode } from "../../model/proxy-configuration.ts";
import type { State } from "../read-state.ts";
import type { StateFlags } from "../state-flags.ts";
import type { HostSide } from "./host-side.ts";

/** What the command line of `diff` says of its sides. */
export interface SideRequest extends Omit<StateFlags, "filename"> {
  /** State of both sides, beside BASE and HEAD. */
  readonly filename?: readonly string[];
  readonly base?: string | undefined;
  readonly head?: string | undefined;
  readonly toMode?: ProxyMode;
  readonly toProxyConfig?: string;
}

/** A side that was read and not compiled yet. `name` is what it is called in messages and reports. */
export type SideSource =
  | { readonly kind: "state"; readonly name: string; readonly state: State }
  | { readonly kind: "hosts"; readonly name: string; readonly hosts: readonly HostSide[] }
  | { readonly kind: "empty"; readonly name: string; readonly reason: string };

export interface SideSources {
  readonly base: SideSource;
  readonly head: SideSource;
}
