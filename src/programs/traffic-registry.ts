import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { iptables, ipvs, nftables } from "./kube-proxy/traffic/modes.ts";
import type { ShownRules, TrafficMode } from "./traffic-mode.ts";

/** In the order in which a host is asked for them: several modes may have left rules. A missing mode fails to compile. */
const modes: Readonly<Record<ProxyMode, TrafficMode>> = { nftables, ipvs, iptables };

/** The mode of kube-proxy on a host: the first that has Services there, else one that has rules. */
export function modeOn(shown: ShownRules): TrafficMode | undefined {
  const found = Object.values(modes).map((mode) => ({ mode, evidence: mode.evidence(shown) }));
  const best = found.find(({ evidence }) => evidence === "services") ?? found.find(({ evidence }) => evidence);
  return best?.mode;
}
