import { chains } from "../modes/iptables/chains.ts";
import { nothingOwned, type OwnedState } from "./owned-state.ts";
import { routeLocalnet } from "./plan-kernel.ts";

/**
 * What a host is to have once nothing of ours is left. Settings that only our rules needed go back to the kernel's
 * defaults: without its guard, route_localnet would open 127.0.0.0/8 to neighbours. ip_forward and arp_* may be
 * somebody else's as well and stay.
 */
export function cleanupState(found: OwnedState): OwnedState {
  const { ipv4 } = found.rules;
  const guard = ipv4?.tables.get("filter")?.chains.get(chains.kubeletFirewall) ?? [];
  const isGuarded = guard.length > 0 && ipv4?.sharedWithKubelet === false;
  const isOurs = (name: string): boolean =>
    (isGuarded && name === routeLocalnet) || (found.addresses !== undefined && name.startsWith("net.ipv4.vs."));
  const names = [...found.sysctls.keys()].filter(isOurs);
  return { ...nothingOwned, sysctls: new Map(names.map((name) => [name, "0"])) };
}
