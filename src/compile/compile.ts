import { createSink, createSubject, type Diagnostic, hasErrors, type Sink } from "../diagnostics/diagnostic.ts";
import type { Script } from "../ir/artifact.ts";
import type { Family } from "../model/address.ts";
import { defaultNodePortRange, type PortRange } from "../model/check-clashes.ts";
import type { Cluster } from "../model/cluster.ts";
import type { SourceDocument } from "../model/documents/source.ts";
import type { DocumentRoles } from "../model/flatten-documents.ts";
import type { HostFeatures } from "../model/objects/node.ts";
import { parseCluster } from "../model/parse-cluster.ts";
import { defaultKubeProxyVersion, type KubeProxyVersion } from "../model/proxy-configuration/kube-proxy-version.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { ForwardingPlan } from "../plan/forwarding/forwarding-plan.ts";
import { resolveNodeView } from "../plan/forwarding/node-view.ts";
import { resolvePlan } from "../plan/forwarding/resolve-plan.ts";
import { resolveHostPorts } from "../plan/hostports/resolve-host-ports.ts";
import { lowerHostPorts } from "../programs/cni-portmap/program.ts";
import type { OnlyOf } from "../programs/origins.ts";
import { programFor } from "../programs/registry.ts";

export interface CompileOptions {
  /** The node to compile for; may be left out when the input has exactly one Node. */
  readonly node?: string | undefined;
  /** Overrides the mode of the configuration. */
  readonly mode?: ProxyMode | undefined;
  /** The kube-proxy whose rules are compiled; default: 1.37. */
  readonly kubeProxyVersion?: KubeProxyVersion | undefined;
  /** Default: the families of the Node's InternalIPs and of the Services' cluster IPs. */
  readonly families?: readonly Family[] | undefined;
  /** A KubeProxyConfiguration; replaces one among the objects. */
  readonly proxyConfig?: unknown;
  /** A Host document (portolan/v1alpha1). */
  readonly host?: unknown;
  /** The API server's --service-node-port-range; default 30000-32767. */
  readonly nodePortRange?: PortRange | undefined;
  /** Compile the rules of the CNI portmap plugin too, for the host ports of the node's Pods. */
  readonly hostPorts?: boolean | undefined;
  /** The node's CNI configuration list, or its portmap entry; replaces a HostPortConfiguration among the objects. */
  readonly cniConfig?: unknown;
  /** Leave out objects with errors and compile the rest. */
  readonly keepGoing?: boolean | undefined;
  /** Keep, for every rule, the object and field it comes from. */
  readonly origins?: boolean | undefined;
  /** Addresses found on the machine itself. A Host document overrides them, and they override the Node's. */
  readonly hostAddresses?: readonly string[] | undefined;
  /** Kernel features found on the machine itself; a Host document overrides them. */
  readonly hostFeatures?: Partial<HostFeatures> | undefined;
}

export interface Compilation {
  /** Undefined when there are errors (with `keepGoing`: errors of objects that cannot be skipped). */
  readonly script: Script | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The node's name as kube-proxy knows it. */
  readonly node: string | undefined;
}

/**
 * Compiles Kubernetes objects (as JSON.parse gives them; Lists are expanded) into the rules that kube-proxy would
 * program on one node. Pure: no files, no clock, no processes. With errors among the diagnostics there is no script.
 *
 * @example
 * ```ts
 * import { compile } from "portolan";
 *
 * const node = { apiVersion: "v1", kind: "Node", metadata: { name: "node1" } };
 * const spec = { clusterIP: "10.96.0.10", ports: [{ port: 80 }] };
 * const web = { apiVersion: "v1", kind: "Service", metadata: { name: "web" }, spec };
 * const { script, diagnostics } = compile([node, web]);
 * console.log(script.steps.map(({ argv }) => argv[0])); // ["iptables-restore","iptables-restore","sysctl"]
 * console.log(diagnostics.map(({ severity, code }) => `${severity}[${code}]`)); // ["warning[no-endpoint-objects]"]
 * ```
 */
export function compile(objects: readonly unknown[], options: CompileOptions = {}): Compilation {
  const { documents, roles } = documentsOf(objects, options);
  const sink = createSink();
  const cluster = readCluster(documents, roles, options, sink);
  const { script, diagnostics, node } = compileNode(cluster, options.node, options, sink);
  return { script, diagnostics, node };
}

/** All input documents: a Host and a configuration from the options follow the objects. */
export function documentsOf(
  objects: readonly unknown[],
  { host, proxyConfig, cniConfig }: CompileOptions,
): { readonly documents: readonly unknown[]; readonly roles: DocumentRoles } {
  const documents = [...objects, ...[host, proxyConfig, cniConfig].filter((document) => document !== undefined)];
  const cniConfigDocument = cniConfig === undefined ? undefined : documents.length - 1;
  const proxyConfigDocument =
    proxyConfig === undefined ? undefined : documents.length - (cniConfig === undefined ? 1 : 2);
  return { documents, roles: { proxyConfigDocument, cniConfigDocument, overlaysFrom: undefined } };
}

/** The first half of `compile`, for callers that compile several nodes of one cluster. */
export function readCluster(
  documents: readonly unknown[],
  { proxyConfigDocument, cniConfigDocument, overlaysFrom, gone, recomputed, isAssumed }: DocumentRoles,
  options: CompileOptions,
  sink: Sink,
): Cluster {
  const { mode, kubeProxyVersion: version = defaultKubeProxyVersion } = options;
  const { nodePortRange = defaultNodePortRange, keepGoing = false, hostPorts = false } = options;
  const roles = { proxyConfigDocument, cniConfigDocument, overlaysFrom, gone, recomputed, isAssumed };
  return parseCluster(documents, { ...roles, mode, version, nodePortRange, keepGoing, hostPorts }, sink);
}

interface NodeCompilation extends Compilation {
  /** The plan that the script carries out; defined whenever there is a script. */
  readonly plan: ForwardingPlan | undefined;
}

/**
 * The second half of `compile`. The diagnostics are those of the whole sink. `only`, with origins, leaves the lines of
 * other objects blank.
 */
export function compileNode(
  cluster: Cluster,
  node: string | undefined,
  options: CompileOptions & { readonly only?: OnlyOf | undefined },
  sink: Sink,
): NodeCompilation {
  const { diagnostics } = sink;
  if (options.keepGoing ? cluster.isConfigurationBroken : hasErrors(diagnostics)) {
    return { script: undefined, diagnostics, node, plan: undefined };
  }
  const run = createSubject();
  const report = sink.reporter(run);
  const program = programFor(cluster.proxyConfiguration);
  const view = resolveNodeView(cluster, node, options, report);
  const target = view && { view, families: options.families, traits: program.traits };
  const plan = target && resolvePlan(cluster, target, report);
  if (plan === undefined || run.errors > 0) {
    return { script: undefined, diagnostics, node: view?.name ?? node, plan: undefined };
  }
  const lowerOptions = { origins: options.origins ?? false, only: options.only };
  const script = program.lower(plan, lowerOptions, report);
  if (options.hostPorts !== true) return { script, diagnostics, node: plan.node, plan };
  const { pods, hostPortConfiguration: configuration } = cluster;
  const hostPorts = resolveHostPorts(
    { pods, configuration, nodeName: node ?? view?.node?.name ?? plan.node, node: view?.node },
    report,
  );
  const both = withSteps(script, lowerHostPorts(hostPorts, lowerOptions));
  return { script: both, diagnostics, node: plan.node, plan };
}

/** A script with the steps of another behind its own. Settings of the kernel are in one file. */
function withSteps(script: Script, { steps: more }: Script): Script {
  const files = new Set(script.steps.map(({ file }) => file));
  const merged = script.steps.map((step) => {
    const same = more.find(({ file }) => file !== undefined && file === step.file);
    return same === undefined ? step : { ...step, stdin: joined(step.stdin, same.stdin) };
  });
  return { steps: [...merged, ...more.filter(({ file }) => !files.has(file))] };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}

/** Cluster state, and how to compile it. */
export interface ReadState {
  readonly inputs: {
    /** The documents that diagnostics' numbers refer to; the first `valueCount` have values. */
    readonly documents: readonly SourceDocument[];
    readonly valueCount: number;
  };
  readonly cluster: Cluster;
  readonly options: CompileOptions;
  /** Contains the diagnostics of reading, including errors: compileNode then gives no script. */
  readonly sink: Sink;
}

/** How to read cluster state, and for which node; as in `compile`. */
export type StateOptions = Omit<CompileOptions, "keepGoing" | "origins">;

/** Reads parsed objects as `compile` does. */
export function readStateOfObjects(objects: readonly unknown[], options: CompileOptions): ReadState {
  const { documents: values, roles } = documentsOf(objects, options);
  const sink = createSink();
  const cluster = readCluster(values, roles, options, sink);
  const documents = values.map(
    (value, number): SourceDocument => ({
      value,
      source: { name: `document ${number}`, text: "" },
      form: { kind: "none" },
    }),
  );
  return { inputs: { documents, valueCount: documents.length }, cluster, options, sink };
}
