import type { ObjectRef } from "../program.ts";
import { podChainPrefix, portmapChains, portmapTable } from "./names.ts";

/** What portmap's chains are for: phrases that complete "it ...". In iptables they are in table nat. */

const chains: ReadonlyMap<string, string> = new Map([
  [portmapChains.dnat, "sends connections to a host port on to the chain of the pod that has it (CNI portmap)"],
  [portmapChains.setMark, "marks connections to host ports that have to be masqueraded (CNI portmap)"],
  [portmapChains.masquerade, `masquerades what ${portmapChains.setMark} has marked (CNI portmap)`],
]);

/** Those of its table of nftables. */
const tableChains: ReadonlyMap<string, string> = new Map([
  ["hostports", "sends connections to host ports to the pods that have them: DNAT (CNI portmap)"],
  ["hostip_hostports", "stays empty: portmap keeps it for what older versions wrote (CNI portmap)"],
  ["hostports_all", "leads to the chains with the host ports (CNI portmap)"],
  ["prerouting", "sends connections that arrive at the node's own addresses to host ports (CNI portmap)"],
  ["output", "sends connections of the node to its own addresses to host ports (CNI portmap)"],
  ["masquerading", "masquerades connections of pods to themselves, and from 127.0.0.1 (CNI portmap)"],
]);

export const fixedNames: readonly string[] = [...chains.keys()];

/** Its objects are named, and left alone. */
export function ownerOf(): undefined {
  return undefined;
}

export function purposeOf({ kind, name, ...ref }: ObjectRef): string | undefined {
  if (kind !== "chain") return undefined;
  const table = "table" in ref ? ref.table : undefined;
  if (table === `ip ${portmapTable}` || table === `ip6 ${portmapTable}`) return tableChains.get(name);
  if (!name.startsWith(podChainPrefix)) return chains.get(name);
  return "sends connections to the host ports of one pod to it (CNI portmap)";
}

export function serviceInRule(): undefined {
  return undefined;
}
