import { featuresOnHost } from "../../changes/found/counters-on-host.ts";
import type { HostState } from "../../changes/found/host-state.ts";
import { ownedInScript } from "../../changes/owned/owned-in-script.ts";
import { isAnythingOwned, ownedRules } from "../../changes/owned/owned-rules.ts";
import type { OwnedState } from "../../changes/owned/owned-state.ts";
import { deserializeState } from "../../changes/owned/serialize-state.ts";
import type { ChangeStep } from "../../changes/step.ts";
import type { ServiceChange, ServiceOfLine } from "../../changes/summarize-changes.ts";
import type { UdpService } from "../../changes/udp-flows.ts";
import { udpServices } from "../../changes/udp-services.ts";
import { compileNode, type NodeCompilation } from "../../compile.ts";
import { hasErrors } from "../../diagnostics/diagnostic.ts";
import { createSubject } from "../../diagnostics/subject.ts";
import type { PlanDocument } from "../../host/files/plan-file.ts";
import { type Cidr, type Family, families, parseCidr } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { CommandFailure, exitCodes } from "../exit-codes.ts";
import { type StateFlags, wantedFamilies } from "../program/state-flags.ts";
import { readState } from "../read-state.ts";
import { painter } from "../terminal/color.ts";
import { renderDiagnostics, summarizeDiagnostics } from "../terminal/render-diagnostics.ts";
import { serviceOfLine } from "./service-of-line.ts";

/** What a command takes that compiles for a real host. */
export interface HostStateFlags extends StateFlags {
  readonly allowSimulated?: boolean;
}

/** What a host is to have, and what goes with it. */
export interface Desired {
  readonly node: string;
  readonly mode: ProxyMode | "cleanup" | "backup";
  readonly wanted: OwnedState;
  readonly udpServices: readonly UdpService[];
  /** `ipvs.excludeCIDRs`. */
  readonly excluded: readonly Cidr[];
  readonly ofLine: ServiceOfLine;
  /** Of a saved plan: exactly what runs. */
  readonly steps?: readonly ChangeStep[];
  readonly changes?: readonly ServiceChange[];
  /** Where somebody chose them: the others are left alone. */
  readonly families?: readonly Family[] | undefined;
}

/** What a host is to have by the cluster state that was given. */
export interface CompiledForHost extends Desired {
  readonly cluster: Cluster;
}

/**
 * Compiles cluster state for a host whose own addresses are known. Diagnostics go to stderr. A family in which the
 * host has rules of ours already is compiled too, unless --family says otherwise: kube-proxy always runs both.
 */
export async function compileForHost(flags: HostStateFlags, host: HostState): Promise<CompiledForHost> {
  const { inputs, cluster, options, sink } = await readState(flags, {
    hostAddresses: host.addresses,
    hostFeatures: featuresOnHost(host),
  });
  if (cluster.simulated > 0 && flags.allowSimulated !== true)
    sink.reporter(createSubject())("state-simulated-refused", undefined, {});
  const lower = (chosen: readonly Family[] | undefined, origins = false): NodeCompilation =>
    compileNode(cluster, flags.node, { ...options, families: chosen, origins }, sink);
  const first = lower(wantedFamilies(flags.family));
  const used = first.plan?.families.map(({ family }) => family) ?? [];
  const all = families.filter((family) => used.includes(family) || hasRulesOfOurs(host, family));
  const isWider = flags.family === undefined && all.length > used.length;
  const { script, plan, node } = isWider && first.script !== undefined ? lower(all) : first;
  process.stderr.write(renderDiagnostics(sink.diagnostics, inputs.documents, painter(process.stderr, flags.color)));
  const summary = summarizeDiagnostics(sink.diagnostics);
  if (script === undefined || plan === undefined || hasErrors(sink.diagnostics)) {
    throw new CommandFailure(`${summary}; nothing was done`, exitCodes.invalidInput);
  }
  if (summary !== "") process.stderr.write(`\n${summary}\n`);
  return {
    cluster,
    node: node ?? plan.node,
    mode: cluster.proxyConfiguration.mode,
    wanted: ownedInScript(script),
    udpServices: udpServices(plan),
    excluded: plan.ipvs.excludeCidrs,
    families: wantedFamilies(flags.family),
    ofLine: serviceOfLine(
      () =>
        lower(
          plan.families.map(({ family }) => family),
          true,
        ).script,
    ),
  };
}

function hasRulesOfOurs({ rules }: HostState, family: Family): boolean {
  const texts = rules[family]?.texts;
  return texts !== undefined && isAnythingOwned(ownedRules(texts));
}

/** What a saved plan wants. */
export function desiredOfPlan({
  node,
  mode,
  wanted,
  excluded,
  steps,
  changes,
  families: chosen,
}: PlanDocument): Desired {
  return {
    node,
    mode: mode as Desired["mode"],
    wanted: deserializeState(wanted),
    udpServices: [],
    excluded: excluded.map(parseCidr).filter((cidr) => cidr !== undefined),
    ofLine: () => undefined,
    steps,
    changes,
    families: chosen ?? undefined,
  };
}
