import { createSubject, type Sink } from "../diagnostics/diagnostic.ts";
import { families as bothFamilies, type Family } from "../model/address.ts";
import type { Cluster } from "../model/cluster.ts";
import type { HostFeatures } from "../model/objects/node.ts";
import type { Service } from "../model/objects/service.ts";
import { defaultKubeProxyVersion, type KubeProxyVersion } from "../model/proxy-configuration/kube-proxy-version.ts";
import {
  defaultConfigurationFor,
  type ProxyConfiguration,
  type ProxyMode,
} from "../model/proxy-configuration/proxy-configuration.ts";
import { type NodeView, resolveNodeView } from "../plan/forwarding/node-view.ts";
import { resolvePlan } from "../plan/forwarding/resolve-plan.ts";
import { programFor } from "../programs/registry.ts";
import { type Changes, clusterOf, type Store } from "./store.ts";

/** The inputs that affect every Service: the node, the configuration, the families. */
export interface NodeInputs {
  readonly configuration: ProxyConfiguration;
  readonly view: NodeView;
  readonly families: readonly Family[];
  /** Equal keys mean that every Service has the same rules, except for those that depend on the number of endpoints. */
  readonly key: string;
}

export interface FrameOptions {
  readonly node?: string | undefined;
  readonly mode?: ProxyMode | undefined;
  readonly kubeProxyVersion?: KubeProxyVersion | undefined;
  readonly families?: readonly Family[] | undefined;
  readonly hostAddresses?: readonly string[] | undefined;
  readonly hostFeatures?: Partial<HostFeatures> | undefined;
}

/** Undefined, with errors reported on the run, if the node or its configuration cannot be resolved. */
export function resolveFrame(store: Store, options: FrameOptions, sink: Sink): NodeInputs | undefined {
  const [first] = store.configurations.values();
  const { mode: override, kubeProxyVersion: version = defaultKubeProxyVersion } = options;
  const configuration = first ?? defaultConfigurationFor({ mode: override, version });
  const { nodes, hosts, serviceCidrs } = store;
  const cluster: Cluster = {
    ...clusterOf(store, [], configuration),
    services: oneOfEachFamily(store),
    nodes: [...nodes.values()],
    serviceCidrs: [...serviceCidrs.values()],
    hosts: [...hosts.values()],
  };
  const run = createSubject();
  const report = sink.reporter(run);
  const view = resolveNodeView(cluster, options.node, options, report);
  if (view === undefined) return undefined;
  const families = options.families ?? view.families;
  const { traits } = programFor(configuration);
  const plan = resolvePlan({ ...cluster, services: [] }, { view, families, traits }, report);
  if (run.errors > 0) return undefined;
  const { mode, allowExternalIps } = configuration;
  const settings = plan.families.map((family) => family.settings);
  const { name, node, ips } = view;
  const key = JSON.stringify([
    mode,
    allowExternalIps,
    name,
    node?.zone,
    ips,
    settings,
    plan.localhostNodePorts,
    plan.ipvs,
  ]);
  return { configuration, view, families, key };
}

/** Whether changes, which are already in the store, may change the inputs of the node. Other Nodes do not matter. */
export function concernsFrame(changes: Changes, store: Store, { view }: NodeInputs, options: FrameOptions): boolean {
  if (changes.hosts.size + changes.serviceCidrs.size + changes.configurations.size > 0) return true;
  if (changes.nodes.size === 0) return false;
  if (options.node === undefined || store.nodes.size <= changes.nodes.size) return true;
  const names = new Set([options.node, view.name]);
  const isOne = (key: string): boolean => names.has(key.slice(1));
  return [...changes.nodes.keys()].some(isOne);
}

/** One Service of each family is enough to determine the families in use. */
function oneOfEachFamily({ services, byFamily }: Store): readonly Service[] {
  return bothFamilies.flatMap((family) => {
    const [key] = byFamily[family];
    const service = key === undefined ? undefined : services.get(key);
    return service === undefined ? [] : [service];
  });
}
