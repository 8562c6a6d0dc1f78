import type { HostTexts } from "../datapath/host.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { kubeProxyCleanup } from "./kube-proxy/traffic/cleanup.ts";
import { iptables, ipvs, nftables } from "./kube-proxy/traffic/modes.ts";
import type { Cleanup, ShownRules, TrafficMode } from "./traffic-mode.ts";

/** In the order in which a host is asked for them: several modes may have left rules. A missing mode fails to compile. */
const modes: Readonly<Record<ProxyMode, TrafficMode>> = { nftables, ipvs, iptables };

/** The mode of kube-proxy on a host: the first that has Services there, else one that has rules. */
export function modeOn(shown: ShownRules): TrafficMode | undefined {
  const found = Object.values(modes).map((mode) => ({ mode, evidence: mode.evidence(shown) }));
  const best = found.find(({ evidence }) => evidence === "services") ?? found.find(({ evidence }) => evidence);
  return best?.mode;
}

/** The mode of kube-proxy that texts show at a glance. */
export function modeShownIn(texts: HostTexts): ProxyMode | undefined {
  return (Object.keys(modes) as readonly ProxyMode[]).find((mode) => modes[mode].isShownIn(texts));
}

/** What a mode's rules mean; a text that shows none is one of iptables mode. */
export function trafficModeOf(mode: ProxyMode = "iptables"): TrafficMode {
  return modes[mode];
}

/** Of every program. */
export const cleanups: readonly Cleanup[] = [kubeProxyCleanup];
