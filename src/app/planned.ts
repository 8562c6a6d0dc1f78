import { type Backend, toolNames } from "../ir/artifact.ts";
import { staleConntrackEntries } from "../languages/conntrack.ts";
import { type Family, families, familyNames } from "../model/address.ts";
import { attributeChains, type ServiceOfChain } from "../reconcile/attribution.ts";
import type { HostState } from "../reconcile/live/host-state.ts";
import { type Ownership, ownedOnHost, withoutCountersInUse } from "../reconcile/live/live-state.ts";
import { assumeUnread, describeUnread } from "../reconcile/live/unread.ts";
import { type OwnedState, onlyFamilies } from "../reconcile/owned-state.ts";
import { type ChangePlan, planChanges, settingsBefore } from "../reconcile/plan-changes.ts";
import { staleSysctls } from "../reconcile/plan-kernel.ts";
import { type ServiceChange, summarizeChanges } from "../reconcile/summarize-changes.ts";
import type { Application } from "./apply-changes.ts";
import type { Desired } from "./desired.ts";
import { Failure } from "./effects.ts";

/** A host, its desired state, and the plan from one to the other. */
export interface Planned {
  readonly desired: Desired;
  readonly host: HostState;
  readonly found: OwnedState;
  readonly ownership: Ownership;
  readonly backends: Readonly<Record<Family, Backend>>;
  readonly plan: ChangePlan;
  readonly ofChain: ServiceOfChain;
  /** What the texts of the host do not show, in words: it was not compared. */
  readonly unread: readonly string[];
}

export function planFor(asked: Desired, host: HostState): Planned {
  const { excluded } = asked;
  const chosen =
    host.unread.size === 0
      ? asked.families
      : (asked.families ?? families).filter((family) => isFamilyRead(family, asked.wanted, host));
  const ownership = { desiredServers: new Set(asked.wanted.servers.keys()), excluded, families: chosen };
  const found = ownedOnHost(host, ownership);
  // The device is kept while it has addresses of a family that is left alone.
  const isShared = (found.addresses?.size ?? 0) < (host.serviceAddresses?.size ?? 0);
  const addresses = asked.wanted.addresses ?? (isShared ? new Set<string>() : undefined);
  const leftovers = staleSysctls(asked.wanted, found, host.servers.length > found.servers.size);
  const sysctls = new Map([...leftovers, ...asked.wanted.sysctls]);
  const wanted = withoutCountersInUse({ ...asked.wanted, addresses, sysctls }, host);
  const desired = {
    ...asked,
    wanted: chosen === undefined || host.unread.size === 0 ? wanted : onlyFamilies(wanted, chosen),
  };
  for (const family of families) {
    if (desired.wanted.rules[family] === undefined || host.rules[family] !== undefined) continue;
    const tool = `${toolNames[family]}-save`;
    const hint = family === "ipv6" ? "; pass --family ipv4 to skip IPv6" : "";
    const why = host.withoutRules[family] ?? "no output";
    throw new Failure(`this host has no ${familyNames[family]} rules: ${tool}: ${why}${hint}`, "environment");
  }
  if (desired.wanted.tables.size > 0 && host.tables === undefined && !host.unread.has("nftables"))
    throw new Failure(`this host has no nftables: ${host.withoutTables}`, "environment");
  const backends = { ipv4: host.rules.ipv4?.backend ?? "legacy", ipv6: host.rules.ipv6?.backend ?? "legacy" };
  const flows = staleConntrackEntries(desired.flows ?? host.flows, desired.udpServices);
  const live = assumeUnread(found, desired.wanted, host);
  const plan = planChanges(desired.wanted, live, { backends, flows });
  return {
    desired,
    host,
    found: live,
    ownership,
    backends,
    plan,
    ofChain: attributeChains([desired.wanted, live]),
    unread: describeUnread(host, wanted),
  };
}

/** Whether texts of a host show what decides in a family: the tables of nftables where some are desired, else rules. */
function isFamilyRead(family: Family, { rules, tables }: OwnedState, host: HostState): boolean {
  return rules[family] === undefined && tables.size > 0 ? host.tables !== undefined : host.rules[family] !== undefined;
}

/** The changes by Service. */
export function changesOf({ desired, plan, ofChain }: Planned): readonly ServiceChange[] {
  return summarizeChanges(plan.changes, ofChain, desired.ofLine);
}

/**
 * A plan as it is applied. A rollback restores only the sysctls that change. It counts the previous virtual servers as
 * ours, so they are restored too.
 */
export function applicationOf({ desired, found, ownership, backends, plan }: Planned): Application {
  return {
    wanted: desired.wanted,
    before: { ...found, sysctls: settingsBefore(found, plan.changes) },
    steps: plan.steps,
    ownership: { ...ownership, desiredServers: new Set([...ownership.desiredServers, ...found.servers.keys()]) },
    backends,
    udpServices: desired.udpServices,
  };
}
