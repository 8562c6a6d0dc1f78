import { type CompileOptions, compileNode } from "../compile/compile.ts";
import { createSink, createSubject, hasErrors } from "../diagnostics/diagnostic.ts";
import type { PlanDocument } from "../host/files/plan-file.ts";
import { type Artifact, artifactsOf, type Script, type Step } from "../ir/artifact.ts";
import type { UdpService } from "../languages/conntrack.ts";
import { type Cidr, type Family, families, parseCidr } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { resolveNodeView } from "../plan/forwarding/node-view.ts";
import { ownedInScript, udpServices } from "../reconcile/desired-state.ts";
import type { HostState } from "../reconcile/live/host-state.ts";
import { featuresOnHost } from "../reconcile/live/live-state.ts";
import { isAnythingOwned, ownedRules } from "../reconcile/owned-objects.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";
import { deserializeState } from "../reconcile/serialize-state.ts";
import type { ServiceChange, ServiceOfLine } from "../reconcile/summarize-changes.ts";
import { summarizeDiagnostics } from "../report/diagnostics.ts";
import { type Effects, Failure } from "./effects.ts";
import { readState } from "./read-state.ts";
import { requestedFamilies, type StateRequest } from "./requests.ts";

/** Cluster state that is compiled for a real host. */
export interface HostStateRequest extends StateRequest {
  readonly allowSimulated?: boolean;
}

/** The desired state of a host, with the data needed to plan and report it. */
export interface Desired {
  readonly node: string;
  readonly mode: ProxyMode | "cleanup" | "backup";
  readonly wanted: OwnedState;
  readonly udpServices: readonly UdpService[];
  /** `ipvs.excludeCIDRs`. */
  readonly excluded: readonly Cidr[];
  readonly ofLine: ServiceOfLine;
  /** Of a saved plan: exactly what runs. */
  readonly steps?: readonly Step[];
  readonly changes?: readonly ServiceChange[];
  /** The families chosen on the command line: others are left alone. */
  readonly families?: readonly Family[] | undefined;
}

/** The desired state of a host, compiled from the given cluster state. */
export interface CompiledForHost extends Desired {
  readonly cluster: Cluster;
}

/**
 * Compiles cluster state for a host whose addresses are known. A family that already has our rules on the host is
 * compiled too, unless a family is requested: kube-proxy always runs both.
 */
export async function compileForHost(
  request: HostStateRequest,
  host: HostState,
  effects: Effects,
): Promise<CompiledForHost> {
  const found = { hostAddresses: host.addresses, hostFeatures: featuresOnHost(host) };
  const quiet = { ...effects, onProgress: () => {} };
  const { inputs, cluster, options, sink } = await readState(request, found, quiet);
  if (cluster.simulated > 0 && request.allowSimulated !== true)
    sink.reporter(createSubject())("state-simulated-refused", undefined, {});
  const chosen = requestedFamilies(request.family) ?? familiesOn(host, cluster, { ...options, node: request.node });
  // Origins give the owner of each set, virtual server and address: their lines do not name a Service.
  const lowering = { ...options, families: chosen, origins: true };
  const { script, plan, node } = compileNode(cluster, request.node, lowering, sink);
  const { diagnostics } = sink;
  const isFailed = script === undefined || plan === undefined || hasErrors(diagnostics);
  const groups = [{ diagnostics, documents: inputs.documents }];
  const summary = summarizeDiagnostics(diagnostics);
  effects.onNotice({ kind: "diagnostics", groups, ...(isFailed ? {} : { summary }) });
  if (isFailed) throw new Failure(`${summary}; nothing was changed`, "invalid-input");
  return {
    cluster,
    node: node ?? plan.node,
    mode: cluster.proxyConfiguration.mode,
    wanted: ownedInScript(script),
    udpServices: udpServices(plan),
    excluded: plan.ipvs.excludeCidrs,
    families: requestedFamilies(request.family),
    ofLine: serviceOfLine(script),
  };
}

/** The families that the cluster uses, and those with our rules on the host; undefined: no node is chosen. */
function familiesOn(host: HostState, cluster: Cluster, options: CompileOptions): readonly Family[] | undefined {
  // Problems of the node are reported when it is compiled.
  const used = resolveNodeView(cluster, options.node, options, createSink().reporter(createSubject()))?.families;
  return used && families.filter((family) => used.includes(family) || hasRulesOfOurs(host, family));
}

/** Whether a host has rules of kube-proxy or Portolan in a family. */
export function hasRulesOfOurs({ rules }: HostState, family: Family): boolean {
  const known = rules[family];
  return known !== undefined && isAnythingOwned(ownedRules(known));
}

/** The desired state in a saved plan. */
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

/** Finds the Service that owns a line of the sets, virtual servers and addresses, from the origins of a script. */
export function serviceOfLine(script: Script): ServiceOfLine {
  let known: ReadonlyMap<string, string> | undefined;
  return (line) => {
    known ??= ownersIn(artifactsOf(script));
    return known.get(line);
  };
}

function ownersIn(artifacts: readonly Artifact[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { language, text, origins } of artifacts) {
    // For rules, chains and comments name the owner.
    if (language === "iptables") continue;
    const lines = text.split("\n");
    for (const { line, object } of origins) owners.set(keyOf(lines[line - 1] ?? ""), object.replace(/^Service /, ""));
  }
  return owners;
}

/** A line without its options, which may differ: `-A -t 10.96.0.10:80`, `addr 10.96.0.10/32`. */
function keyOf(line: string): string {
  const words = line.split(" ");
  if (words[0] === "-A") return words.slice(0, 3).join(" ");
  return words[0] === "addr" ? `addr ${words[2]}` : line;
}
