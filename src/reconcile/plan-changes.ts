import type { ChangeStep } from "../ir/step.ts";
import { deleteFlow, type UdpFlow } from "../languages/conntrack.ts";
import { type Family, families } from "../model/address.ts";
import { isEndpointChain } from "../programs/kube-proxy/chain-names.ts";
import type { Backend } from "./live/host-state.ts";
import type { OwnedState } from "./owned-state.ts";
import {
  type AddressChange,
  addCounters,
  bindAddresses,
  deleteCounters,
  diffAddresses,
  diffSysctls,
  loadIpvs,
  routeLocalnet,
  setSysctls,
  setTimeouts,
  unbindAddresses,
} from "./plan-kernel.ts";
import { diffServers, planServers, type ServerChange } from "./plan-servers.ts";
import { diffSets, localTurns, planSets, type SetChange } from "./plan-sets.ts";
import { planRules } from "./rules/plan-rules.ts";
import { type ChainChange, diffRules, shareEqualChains } from "./rules/rule-changes.ts";

/** All that is not as wanted. */
export interface Changes {
  readonly chains: readonly ChainChange[];
  readonly sets: readonly SetChange[];
  readonly servers: readonly ServerChange[];
  readonly addresses: AddressChange;
  /** Kernel settings that get another value. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly counters: { readonly missing: readonly string[]; readonly extra: readonly string[] };
  /** Tracked UDP connections to endpoints that serve no longer. */
  readonly flows: readonly UdpFlow[];
}

export interface ChangePlan {
  readonly changes: Changes;
  /** In the order to run them; empty when the host is as wanted. */
  readonly steps: readonly ChangeStep[];
  /** What leads the host from the wanted state back to the found one; worked out when it is asked for. */
  readonly undo: () => readonly ChangeStep[];
}

export interface Circumstances {
  readonly backends: Readonly<Record<Family, Backend>>;
  /** Tracked connections to forget once the rules stand. */
  readonly flows: readonly UdpFlow[];
}

/**
 * What leads a host from what it has to what is wanted, touching nothing that is as wanted or somebody else's. At any
 * moment in between a packet to an unchanged service is treated as before, to a changed one as before or as after.
 */
export function planChanges(asked: OwnedState, found: OwnedState, circumstances: Circumstances): ChangePlan {
  const wanted = shareEqualChains(asked, found);
  const changes = diffStates(wanted, found, circumstances.flows);
  const undo = (): readonly ChangeStep[] => {
    const before = { ...found, sysctls: settingsBefore(found, changes) };
    return orderSteps(diffStates(before, wanted, []), before, wanted, circumstances);
  };
  return { changes, steps: orderSteps(changes, wanted, found, circumstances), undo };
}

/**
 * The steps between two parts of states that Portolan itself spelled; what is in neither stays as it is. Of chains that
 * are given as excerpts every rule comes to stand at its very place.
 */
export function planPart(
  wanted: OwnedState,
  found: OwnedState,
  backends: Circumstances["backends"],
): readonly ChangeStep[] {
  return orderSteps(diffStates(wanted, found, []), wanted, found, { backends, flows: [] });
}

/** What the settings that change were before. The others may be changed by somebody else at any time. */
export function settingsBefore(found: OwnedState, { sysctls }: Changes): ReadonlyMap<string, string> {
  return new Map([...found.sysctls].filter(([name]) => sysctls.has(name)));
}

function diffStates(wanted: OwnedState, found: OwnedState, flows: readonly UdpFlow[]): Changes {
  return {
    chains: families.flatMap((family) => diffRules(family, wanted.rules[family], found.rules[family])),
    sets: diffSets(wanted.sets, found.sets),
    servers: diffServers(wanted.servers, found.servers),
    addresses: diffAddresses(wanted.addresses, found.addresses),
    sysctls: diffSysctls(wanted.sysctls, found.sysctls),
    counters: {
      missing: [...wanted.counters].filter((name) => !found.counters.has(name)),
      extra: [...found.counters].filter((name) => !wanted.counters.has(name)),
    },
    flows,
  };
}

/**
 * Make, switch, break. Virtual servers and bound addresses come after the rules that mark what goes there, but before
 * them where rules of the iptables mode still send it on: that is to find them there when these go.
 */
function orderSteps(
  changes: Changes,
  wanted: OwnedState,
  found: OwnedState,
  { backends }: Circumstances,
): readonly ChangeStep[] {
  const rules = families.map((family) =>
    planRules(family, wanted.rules[family], found.rules[family], backends[family]),
  );
  const sets = planSets(changes.sets);
  const servers = planServers(changes.servers, localTurns(changes.sets));
  const serve = [...servers.make, ...bindAddresses(changes.addresses)];
  const isFromIptables = sendsOnByRules(found);
  return [
    ...addCounters(changes.counters.missing),
    ...servers.early,
    ...sets.make,
    ...loadIpvs(wanted, found),
    ...setSysctls(changes.sysctls, (name) => name !== routeLocalnet),
    ...setTimeouts(wanted.timeouts, found.timeouts),
    ...rules.flatMap(({ make }) => make),
    // After the filter rule that guards 127.0.0.0/8, which it opens.
    ...setSysctls(changes.sysctls, (name) => name === routeLocalnet),
    ...(isFromIptables ? serve : []),
    ...rules.flatMap(({ switchOver }) => switchOver),
    ...(isFromIptables ? [] : serve),
    ...unbindAddresses(changes.addresses),
    ...servers.remove,
    ...rules.flatMap(({ remove }) => remove),
    ...sets.remove,
    ...servers.late,
    ...deleteCounters(changes.counters.extra),
    ...forget(changes.flows),
  ];
}

function sendsOnByRules({ rules }: OwnedState): boolean {
  const names = families.flatMap((family) => [...(rules[family]?.tables.get("nat")?.chains.keys() ?? [])]);
  return names.some(isEndpointChain);
}

function forget(flows: readonly UdpFlow[]): readonly ChangeStep[] {
  return flows.map((flow) => ({
    purpose: "delete a conntrack entry of a UDP flow to a removed endpoint",
    argv: deleteFlow(flow),
    stdin: "",
    mayFail: true,
  }));
}
