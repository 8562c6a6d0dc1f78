import type { Backend, Step } from "../ir/artifact.ts";
import type { ChainChange } from "../ir/owned.ts";
import { deleteFlow, type UdpFlow } from "../languages/conntrack.ts";
import { planRules } from "../languages/iptables/changes/plan-rules.ts";
import { diffRules, shareEqualChains } from "../languages/iptables/changes/rule-changes.ts";
import { planTables } from "../languages/nftables/change-tables.ts";
import { diffTables, type TableChange, withoutCommentChanges } from "../languages/nftables/diff-tables.ts";
import { type Family, families } from "../model/address.ts";
import { ownChains } from "../programs/registry.ts";
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
import { diffSets, localPolicyTransitions, planSets, type SetChange } from "./plan-sets.ts";

/** All differences from the desired state. */
export interface Changes {
  readonly chains: readonly ChainChange[];
  readonly sets: readonly SetChange[];
  /** Of nftables. */
  readonly tables: readonly TableChange[];
  readonly servers: readonly ServerChange[];
  readonly addresses: AddressChange;
  /** Sysctls with a new value. */
  readonly sysctls: ReadonlyMap<string, string>;
  readonly counters: { readonly missing: readonly string[]; readonly extra: readonly string[] };
  /** Conntrack entries of UDP flows to removed endpoints. */
  readonly flows: readonly UdpFlow[];
}

export interface ChangePlan {
  readonly changes: Changes;
  /** In the order to run them; empty when the host matches. */
  readonly steps: readonly Step[];
}

export interface PlanContext {
  readonly backends: Readonly<Record<Family, Backend>>;
  /** Conntrack entries to delete after the rules are in place. */
  readonly flows: readonly UdpFlow[];
}

/**
 * Plans the steps from live to desired state. Foreign objects and those that match are not changed. At any moment a
 * packet to an unchanged Service is treated as before, and one to a changed Service as before or as after.
 */
export function planChanges(asked: OwnedState, live: OwnedState, context: PlanContext): ChangePlan {
  const shared = (family: Family): OwnedState["rules"][Family] =>
    shareEqualChains(asked.rules[family], live.rules[family], ownChains);
  const desired = { ...asked, rules: { ipv4: shared("ipv4"), ipv6: shared("ipv6") } };
  const changes = diffStates(desired, live, context.flows);
  return { changes, steps: orderSteps(changes, desired, live, context) };
}

/**
 * The steps between two partial states in Portolan's own spelling; objects in neither stay as they are. In
 * partialChains every rule gets its exact position.
 */
export function planDelta(desired: OwnedState, live: OwnedState, backends: PlanContext["backends"]): readonly Step[] {
  return orderSteps(diffStates(desired, live, []), desired, live, { backends, flows: [] });
}

/** The previous values of the changed sysctls. Other programs may change other sysctls at any time. */
export function settingsBefore(live: OwnedState, { sysctls }: Changes): ReadonlyMap<string, string> {
  return new Map([...live.sysctls].filter(([name]) => sysctls.has(name)));
}

/** Without changes of tables of nftables that concern nothing but comments. */
export function withoutCommentsInTables(changes: Changes): Changes {
  return { ...changes, tables: changes.tables.flatMap((change) => withoutCommentChanges(change) ?? []) };
}

function diffStates(desired: OwnedState, live: OwnedState, flows: readonly UdpFlow[]): Changes {
  return {
    chains: families.flatMap((family) => diffRules(family, desired.rules[family], live.rules[family], ownChains)),
    sets: diffSets(desired.sets, live.sets),
    tables: diffTables(desired.tables, live.tables),
    servers: diffServers(desired.servers, live.servers),
    addresses: diffAddresses(desired.addresses, live.addresses),
    sysctls: diffSysctls(desired.sysctls, live.sysctls),
    counters: {
      missing: [...desired.counters].filter((name) => !live.counters.has(name)),
      extra: [...live.counters].filter((name) => !desired.counters.has(name)),
    },
    flows,
  };
}

/**
 * Make, switch over, remove. Virtual servers and bound addresses come after the rules that mark their traffic. They
 * come before the removal of iptables-mode rules that still handle it, so that traffic always has a path. Tables of
 * nftables handle all that they know by themselves, whatever is beside them: new ones come first, old ones go last.
 */
function orderSteps(
  changes: Changes,
  desired: OwnedState,
  live: OwnedState,
  { backends }: PlanContext,
): readonly Step[] {
  const rules = families.map((family) =>
    planRules({
      family,
      desired: desired.rules[family],
      live: live.rules[family],
      backend: backends[family],
      own: ownChains,
    }),
  );
  const sets = planSets(changes.sets);
  const tables = planTables(changes.tables);
  const servers = planServers(changes.servers, localPolicyTransitions(changes.sets));
  const serve = [...servers.make, ...bindAddresses(changes.addresses)];
  const isFromIptables = sendsOnByRules(live);
  return [
    ...tables.make,
    ...addCounters(changes.counters.missing),
    ...servers.early,
    ...sets.make,
    ...loadIpvs(desired, live),
    ...setSysctls(changes.sysctls, (name) => name !== routeLocalnet),
    ...setTimeouts(desired.timeouts, live.timeouts),
    ...rules.flatMap(({ make }) => make),
    // After the filter rule that protects 127.0.0.0/8, which this sysctl opens.
    ...setSysctls(changes.sysctls, (name) => name === routeLocalnet),
    ...(isFromIptables ? serve : []),
    ...rules.flatMap(({ switchOver }) => switchOver),
    ...(isFromIptables ? [] : serve),
    ...unbindAddresses(changes.addresses),
    ...servers.remove,
    ...rules.flatMap(({ remove }) => remove),
    ...sets.remove,
    ...servers.late,
    ...tables.remove,
    ...deleteCounters(changes.counters.extra),
    ...forget(changes.flows),
  ];
}

function sendsOnByRules({ rules }: OwnedState): boolean {
  const names = families.flatMap((family) => [...(rules[family]?.tables.get("nat")?.chains.keys() ?? [])]);
  return names.some((name) => ownChains.roleOf(name) === "target");
}

function forget(flows: readonly UdpFlow[]): readonly Step[] {
  return flows.map((flow) => ({
    purpose: "delete a conntrack entry of a UDP flow to a removed endpoint",
    argv: deleteFlow(flow),
    stdin: "",
    mayFail: true,
  }));
}
