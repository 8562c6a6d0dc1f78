import { attributeChains } from "../changes/attribution.ts";
import type { Backend, HostState } from "../changes/host-state.ts";
import { leftoverSettings } from "../changes/leftover-settings.ts";
import { type Ownership, ownedOnHost } from "../changes/owned-on-host.ts";
import type { OwnedState } from "../changes/owned-state.ts";
import { type ChangePlan, planChanges } from "../changes/plan-changes.ts";
import { type ServiceChange, summarizeChanges } from "../changes/summarize-changes.ts";
import { strandedFlows } from "../changes/udp-flows.ts";
import { type Family, families } from "../model/address.ts";
import type { Desired } from "./desired.ts";
import { CommandFailure, exitCodes } from "./exit-codes.ts";

/** A host, what it is to have, and the way from one to the other. */
export interface Planned {
  readonly desired: Desired;
  readonly found: OwnedState;
  readonly ownership: Ownership;
  readonly backends: Readonly<Record<Family, Backend>>;
  readonly plan: ChangePlan;
  readonly changes: readonly ServiceChange[];
}

export function planFor(asked: Desired, host: HostState): Planned {
  const ownership = { wantedServers: new Set(asked.wanted.servers.keys()), excluded: asked.excluded };
  const found = ownedOnHost(host, ownership);
  const sysctls = new Map([...leftoverSettings(asked.wanted, found), ...asked.wanted.sysctls]);
  const desired = { ...asked, wanted: { ...asked.wanted, sysctls } };
  for (const family of families) {
    if (desired.wanted.rules[family] === undefined || host.rules[family] !== undefined) continue;
    const tool = family === "ipv4" ? "iptables" : "ip6tables";
    const hint = family === "ipv6" ? "; --family ipv4 leaves IPv6 out" : "";
    throw new CommandFailure(`${tool} cannot be used on this host${hint}`, exitCodes.environment);
  }
  const backends = { ipv4: host.rules.ipv4?.backend ?? "legacy", ipv6: host.rules.ipv6?.backend ?? "legacy" };
  const flows = strandedFlows(host.flows, desired.udpServices);
  const fresh = planChanges(desired.wanted, found, { backends, flows });
  const plan = { ...fresh, steps: desired.steps ?? fresh.steps };
  const changes = summarizeChanges(plan.changes, attributeChains([desired.wanted, found]), desired.ofLine);
  return { desired, found, ownership, backends, plan, changes };
}
