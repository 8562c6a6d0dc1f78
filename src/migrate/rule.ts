import type { Code } from "../diagnostics/catalog.ts";
import type { NodePair } from "../diff/describe-change.ts";
import type { HostSide } from "../diff/host-side.ts";
import type { Cluster } from "../model/cluster.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import type { Service } from "../model/objects/service.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { ProgramTraits } from "../plan/forwarding/forwarding-plan.ts";
import type { Evidence } from "./evidence.ts";
import type { ConfigurationChange, Finding } from "./finding.ts";

/** What the rules know besides packets. */
export interface MigrationFacts {
  readonly from: ProxyMode;
  readonly to: ProxyMode;
  /** What the program of the mode to leave decides differently. */
  readonly traits: ProgramTraits;
  readonly cluster: Cluster;
  /** The objects of the state as given: fields that are not in the model. */
  readonly objects: readonly InputObject[];
  /** The compared nodes, on both sides. */
  readonly pairs: readonly NodePair[];
  /** What nodes have, by name of the node: those that a dump was passed for. */
  readonly dumps: ReadonlyMap<string, HostSide>;
  /** Those that kube-proxy makes rules for, by `shop/web`. */
  readonly services: ReadonlyMap<string, Service>;
}

/** Explains packets that the modes treat differently. Each packet belongs to the first rule that explains it. */
export interface TrafficRule {
  readonly kind: "traffic";
  readonly code: Code;
  readonly explains: (evidence: Evidence, facts: MigrationFacts) => boolean;
  readonly details?: (found: readonly Evidence[], facts: MigrationFacts) => readonly string[];
  readonly configuration?: (found: readonly Evidence[], facts: MigrationFacts) => readonly ConfigurationChange[];
}

/** Finds in state what packets do not show. */
export interface StateRule {
  readonly kind: "state";
  readonly code: Code;
  readonly find: (facts: MigrationFacts) => StateFinding | undefined;
}

export type StateFinding = Partial<Pick<Finding, "details" | "services" | "nodes" | "configuration">>;

export type MigrationRule = TrafficRule | StateRule;

/** The Service of a service port: that of `shop/web:http`. */
export function serviceOf({ service }: Pick<Evidence, "service">, { services }: MigrationFacts): Service | undefined {
  return service === undefined ? undefined : services.get(service.replace(/:.*/, ""));
}

export function isAtClusterIp(evidence: Evidence, facts: MigrationFacts): boolean {
  const { clusterIps = {} } = serviceOf(evidence, facts) ?? {};
  return Object.values(clusterIps).some(({ address }) => address.text === evidence.destination.address);
}

/** The names of all nodes. */
export function everyNode({ pairs }: MigrationFacts): readonly string[] {
  return pairs.map(({ head }) => head.name);
}
