import type { Cluster } from "../../../model/cluster.ts";
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
