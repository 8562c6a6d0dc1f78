import type { Origin } from "../../../diagnostics/place.ts";
import type { Cluster } from "../../../model/cluster.ts";
import { isRecord } from "../../../model/fields/fields.ts";
import type { ProxyMode } from "../../../model/proxy-configuration/proxy-configuration.ts";
import type { ForwardingPlan } from "../../../resolve/forwarding-plan.ts";

/** What is known of a node and of the state it was compiled from. */
export interface NodeFacts {
  readonly name: string;
  readonly zone: string | undefined;
  readonly mode: ProxyMode;
  readonly cluster: Cluster;
  readonly plan: ForwardingPlan;
  /** The objects as they were given: what the model does not keep is asked of them. */
  readonly documents: readonly unknown[];
}

/** The facts of a compilation. */
export function nodeFacts(cluster: Cluster, plan: ForwardingPlan, documents: readonly unknown[]): NodeFacts {
  const node = cluster.nodes.find(({ name }) => name === plan.node);
  return { name: plan.node, zone: node?.zone, mode: cluster.proxyConfiguration.mode, cluster, plan, documents };
}

/** The value that stands at a place of the input. */
export function valueAt(documents: readonly unknown[], { document, path }: Origin): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)];
    return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }, documents[document]);
}
