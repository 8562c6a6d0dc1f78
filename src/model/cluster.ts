import type { EndpointSlice } from "./objects/endpoint-slice.ts";
import type { Host, Node } from "./objects/node.ts";
import type { Service } from "./objects/service.ts";
import type { ProxyConfiguration } from "./proxy-configuration/proxy-configuration.ts";

/** What Kubernetes says, checked and defaulted. Nothing in it depends on the node that is compiled for. */
export interface Cluster {
  readonly services: readonly Service[];
  /** v1 Endpoints of Services without slices are among them. */
  readonly slices: readonly EndpointSlice[];
  readonly nodes: readonly Node[];
  readonly hosts: readonly Host[];
  readonly proxyConfiguration: ProxyConfiguration;
  /** It has errors. It is no object that could be left out: the rules of another configuration are other rules. */
  readonly isConfigurationBroken: boolean;
  /** Objects that are invented, as a whole or in part. */
  readonly simulated: number;
  /** Objects that were read, and objects of kinds that are not, for the summary. */
  readonly read: number;
  readonly skipped: number;
}
