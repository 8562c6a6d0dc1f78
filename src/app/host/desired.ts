import { compileNode, type NodeCompilation } from "../../compile/compile.ts";
import { createSubject, hasErrors } from "../../diagnostics/diagnostic.ts";
import type { PlanDocument } from "../../host/files/plan-file.ts";
import type { ChangeStep, Script } from "../../ir/step.ts";
import type { UdpService } from "../../languages/conntrack.ts";
import { type Cidr, type Family, families, parseCidr } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { ownedInScript } from "../../reconcile/desired-state.ts";
import { featuresOnHost } from "../../reconcile/live/counters.ts";
import type { HostState } from "../../reconcile/live/host-state.ts";
import { isAnythingOwned, ownedRules } from "../../reconcile/owned-objects.ts";
import type { OwnedState } from "../../reconcile/owned-state.ts";
import { deserializeState } from "../../reconcile/serialize-state.ts";
import type { ServiceChange, ServiceOfLine } from "../../reconcile/summarize-changes.ts";
import { udpServices } from "../../reconcile/udp-services.ts";
import { summarizeDiagnostics } from "../../report/diagnostics.ts";
import type { Effects } from "../effects.ts";
import { Failure } from "../failure.ts";
import { readState } from "../read-state.ts";
import { requestedFamilies, type StateRequest } from "../requests.ts";

/** Cluster state that is compiled for a real host. */
export interface HostStateRequest extends StateRequest {
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
 * Compiles cluster state for a host whose own addresses are known. A family in which the host has rules of ours already
 * is compiled too, unless one is requested: kube-proxy always runs both.
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
  const chosen = requestedFamilies(request.family);
  const lower = (inFamilies: readonly Family[] | undefined, origins = false): NodeCompilation =>
    compileNode(cluster, request.node, { ...options, families: inFamilies, origins }, sink);
  const first = lower(chosen);
  const used = first.plan?.families.map(({ family }) => family) ?? [];
  const all = families.filter((family) => used.includes(family) || hasRulesOfOurs(host, family));
  const isWider = chosen === undefined && all.length > used.length;
  const { script, plan, node } = isWider && first.script !== undefined ? lower(all) : first;
  const { diagnostics } = sink;
  const isFailed = script === undefined || plan === undefined || hasErrors(diagnostics);
  const groups = [{ diagnostics, documents: inputs.documents }];
  const summary = summarizeDiagnostics(diagnostics);
  effects.onNotice({ kind: "diagnostics", groups, ...(isFailed ? {} : { summary }) });
  if (isFailed) throw new Failure(`${summary}; nothing was changed`, "invalid-input");
  const lowered = plan.families.map(({ family }) => family);
  return {
    cluster,
    node: node ?? plan.node,
    mode: cluster.proxyConfiguration.mode,
    wanted: ownedInScript(script),
    udpServices: udpServices(plan),
    excluded: plan.ipvs.excludeCidrs,
    families: chosen,
    ofLine: serviceOfLine(() => lower(lowered, true).script),
  };
}

function hasRulesOfOurs({ rules }: HostState, family: Family): boolean {
  const known = rules[family];
  return known !== undefined && isAnythingOwned(ownedRules(known));
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

const decoder = new TextDecoder();

/**
 * Says whose a line of the sets, virtual servers and addresses is: these tools' text names no Service, so the state is
 * compiled once more with origins, when somebody asks.
 */
function serviceOfLine(compileWithOrigins: () => Script | undefined): ServiceOfLine {
  let known: ReadonlyMap<string, string> | undefined;
  return (line) => {
    known ??= ownersIn(compileWithOrigins());
    return known.get(line);
  };
}

const files = new Set(["ipset.restore", "ipvs.restore", "addresses.batch"]);

function ownersIn(script: Script | undefined): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { file, stdin, origins } of script?.steps ?? []) {
    if (file === undefined || !files.has(file)) continue;
    const lines = decoder.decode(stdin).split("\n");
    for (const { line, object } of origins ?? []) {
      owners.set(keyOf(lines[line - 1] ?? ""), object.replace(/^Service /, ""));
    }
  }
  return owners;
}

/** What stays of a line when its options may differ: `-A -t 10.96.0.10:80`, `addr 10.96.0.10/32`. */
function keyOf(line: string): string {
  const words = line.split(" ");
  if (words[0] === "-A") return words.slice(0, 3).join(" ");
  return words[0] === "addr" ? `addr ${words[2]}` : line;
}
