import { chains } from "../modes/iptables/chains.ts";
import type { OwnedState } from "./owned/owned-state.ts";
import { routeLocalnet } from "./plan-kernel.ts";

/**
 * Settings that go back to the kernel's defaults, since only what is to go needed them: those of IPVS with the service
 * addresses, and route_localnet with the rule that guards it, without which it would open 127.0.0.0/8 to neighbours.
 * ip_forward and arp_* may be somebody else's as well and stay.
 */
export function leftoverSettings(
  wanted: OwnedState,
  found: OwnedState,
  hasForeignServers: boolean,
): ReadonlyMap<string, string> {
  const losesIpvs = found.addresses !== undefined && wanted.addresses === undefined && !hasForeignServers;
  const losesGuard = isGuarded(found) && !isGuarded(wanted) && found.rules.ipv4?.sharedWithKubelet === false;
  const names = [...found.sysctls.keys()].filter(
    (name) => (losesIpvs && name.startsWith("net.ipv4.vs.")) || (losesGuard && name === routeLocalnet),
  );
  return new Map(names.map((name) => [name, "0"]));
}

/** Whether nobody else has a use for the setting. */
export function isOnlyOurs(name: string): boolean {
  return name === routeLocalnet || name.startsWith("net.ipv4.vs.");
}

function isGuarded({ rules }: OwnedState): boolean {
  const guard = rules.ipv4?.tables.get("filter")?.chains.get(chains.kubeletFirewall);
  return guard !== undefined && guard.length > 0;
}
