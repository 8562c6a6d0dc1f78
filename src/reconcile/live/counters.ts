import { families } from "../../model/address.ts";
import type { HostFeatures } from "../../model/objects/node.ts";
import { iptablesChains as chains } from "../../programs/kube-proxy/chain-names.ts";
import { counters } from "../../programs/kube-proxy/names.ts";
import type { OwnedState } from "../owned-state.ts";
import type { HostState } from "./host-state.ts";

/** What a host shows of its kernel: kube-proxy uses counters wherever it can make them, and then they are there. */
export function featuresOnHost(host: HostState): Partial<HostFeatures> {
  const isCounting = Object.values(counters).every((name) => host.counters?.has(name)) || countersInUse(host).size > 0;
  return isCounting ? { nfacct: true } : {};
}

/**
 * Without nfacct, which nodes of most distributions have not, counters cannot be listed; but those that rules use are
 * there, and need not be made.
 */
export function withoutCountersInUse(desired: OwnedState, host: HostState): OwnedState {
  if (host.counters !== undefined) return desired;
  const used = countersInUse(host);
  return { ...desired, counters: new Set([...desired.counters].filter((name) => !used.has(name))) };
}

function countersInUse({ rules }: HostState): ReadonlySet<string> {
  const lines = families.flatMap((family) => {
    const tables = rules[family]?.tables;
    return [
      ...(tables?.get("filter")?.get(chains.forward)?.lines ?? []),
      ...(tables?.get("nat")?.get(chains.nodePorts)?.lines ?? []),
    ];
  });
  return new Set(lines.flatMap((line) => / --nfacct-name +(\S+)/.exec(line)?.[1] ?? []));
}
