import type { Origin } from "../../diagnostics/place.ts";
import type { Family } from "../../model/address.ts";
import type { Cluster } from "../../model/cluster.ts";
import type { ForwardingPlan } from "../../plan/forwarding/forwarding-plan.ts";
import type { ForwardingProgram } from "../../programs/program.ts";
import { programFor } from "../../programs/registry.ts";

/** Something that an object does not get on a node, and the reason. */
export interface NotProgrammed {
  readonly reason: OmissionReason;
  /** The service port, `shop/web:http`; undefined where it concerns the object as a whole. */
  readonly port: string | undefined;
  /** The family; undefined: all families. */
  readonly family?: Family;
  /** What is missing: `endpoint 10.0.1.5:8080`. */
  readonly what: string;
  /** A sentence without its subject and end. */
  readonly why: string;
  /** The place in the input that determines it. */
  readonly origin: Origin | undefined;
}

export type OmissionReason =
  | "external-name"
  | "headless"
  | "other-proxy"
  | "no-cluster-ip"
  | "family-without-cluster-ip"
  | "family-not-compiled"
  | "external-ips-disabled"
  | "ingress-hostname"
  | "ingress-ip-mode-proxy"
  | "node-port-not-allocated"
  | "node-port-missing"
  | "node-ports-match-nothing"
  | "node-ports-restricted"
  | "node-ports-not-on-loopback"
  | "health-check-port-missing"
  | "health-check-port-skipped"
  | "source-ranges-other-family"
  | "source-range-zero"
  | "source-ranges-without-addresses"
  | "source-ranges-node-outside"
  | "source-ranges-not-for-node-port"
  | "no-local-detector"
  | "comments-omitted"
  | "virtual-server-shared"
  | "no-endpoints"
  | "no-local-endpoints"
  | "local-policy-falls-back"
  | "endpoint-not-ready"
  | "endpoint-terminating"
  | "endpoint-not-serving"
  | "endpoint-not-local"
  | "endpoint-excluded-by-hints"
  | "endpoint-duplicate"
  | "hints-ignored"
  | "no-slices"
  | "slice-without-label"
  | "slice-without-service"
  | "slice-headless"
  | "slice-fqdn"
  | "slice-other-family"
  | "slice-empty"
  | "slice-port-without-number"
  | "slice-port-unknown"
  | "port-missing-in-slices";

/** A node, and the state it was compiled from. */
export interface NodeFacts {
  readonly name: string;
  readonly zone: string | undefined;
  readonly program: ForwardingProgram;
  readonly cluster: Cluster;
  readonly plan: ForwardingPlan;
  /** The objects as given, for fields that the model does not keep. */
  readonly documents: readonly unknown[];
}

/** The facts of a compilation. */
export function nodeFacts(cluster: Cluster, plan: ForwardingPlan, documents: readonly unknown[]): NodeFacts {
  const node = cluster.nodes.find(({ name }) => name === plan.node);
  const program = programFor(cluster.proxyConfiguration);
  return { name: plan.node, zone: node?.zone, program, cluster, plan, documents };
}
