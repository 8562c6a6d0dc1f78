import type { HostSide } from "../../diff/host-side.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import type { LiveDocuments, State } from "../read-state.ts";
import type { StateRequest } from "../requests.ts";

/** What `diff` is asked to compare. -f is state of both, beside BASE and HEAD. */
export interface SideRequest extends StateRequest {
  readonly base?: string | undefined;
  readonly head?: string | undefined;
  readonly toMode?: ProxyMode;
  readonly toProxyConfig?: string;
  /** The running cluster, which is read once for both sides. */
  readonly running?: LiveDocuments | undefined;
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
