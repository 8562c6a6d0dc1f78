import { type CompileOptions, compileNode } from "../compile/compile.ts";
import { createSink, createSubject, hasErrors } from "../diagnostics/diagnostic.ts";
import type { Inputs } from "../host/files/read-inputs.ts";
import { type Artifact, artifactsOf, type Script } from "../ir/artifact.ts";
import type { UdpFlow, UdpService } from "../languages/conntrack.ts";
import type { AnyLanguage } from "../languages/language.ts";
import { languageOf } from "../languages/registry.ts";
import { type Cidr, type Family, families } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { resolveNodeView } from "../plan/forwarding/node-view.ts";
import { ownedInScript, udpServices } from "../reconcile/desired-state.ts";
import type { HostState } from "../reconcile/live/host-state.ts";
import { featuresOnHost, hasRulesOfOurs } from "../reconcile/live/live-state.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";
import type { ServiceOfLine } from "../reconcile/summarize-changes.ts";
import { summarizeDiagnostics } from "../report/diagnostics.ts";
import { type Effects, Failure } from "./effects.ts";
import { readState, type State } from "./read-state.ts";
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
  /** Of a saved plan: the UDP flows of the host when it was made. */
  readonly flows?: readonly UdpFlow[];
  /** The families chosen on the command line: others are left alone. */
  readonly families?: readonly Family[] | undefined;
}

/** The desired state of a host, compiled from the given cluster state. */
export interface CompiledForHost extends Desired {
  readonly cluster: Cluster;
  /** What it was compiled from: a saved plan keeps both. */
  readonly inputs: Inputs;
  readonly options: RuleOptions;
}

/** The options of a request that decide, with the state, which rules a node gets. */
export type RuleOptions = Pick<StateRequest, "node" | "mode" | "kubeProxyVersion" | "family" | "serviceNodePortRange">;

/**
 * Compiles cluster state for a host whose addresses are known. A family that already has our rules on the host is
 * compiled too, unless a family is requested: kube-proxy always runs both.
 */
export async function compileForHost(
  request: HostStateRequest,
  host: HostState,
  effects: Effects,
): Promise<CompiledForHost> {
  const quiet = { ...effects, onProgress: () => {} };
  const state = await readState(request, hostOptions(host), quiet);
  if (state.cluster.simulated > 0 && request.allowSimulated !== true)
    state.sink.reporter(createSubject())("state-simulated-refused", undefined, {});
  return compileStateForHost(state, request, host, effects);
}

/** What a host adds to a state: its addresses, and the kernel features that it shows. */
export function hostOptions(host: HostState): Pick<CompileOptions, "hostAddresses" | "hostFeatures"> {
  return { hostAddresses: host.addresses, hostFeatures: featuresOnHost(host) };
}

/** Compiles a state that was read with `hostOptions`. Throws where it has errors. */
export function compileStateForHost(
  { inputs, cluster, options, sink }: State,
  request: RuleOptions,
  host: HostState,
  effects: Pick<Effects, "onNotice">,
): CompiledForHost {
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
    inputs,
    options: request,
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
    const { rules, lineKey = String }: AnyLanguage = languageOf[language];
    if (rules === "only") continue;
    const lines = text.split("\n");
    for (const { line, object } of origins) owners.set(lineKey(lines[line - 1] ?? ""), object.replace(/^Service /, ""));
  }
  return owners;
}
