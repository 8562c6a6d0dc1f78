import type { EndpointSlice } from "./objects/endpoint-slice.ts";
import type { HostPortConfiguration } from "./objects/host-port-configuration.ts";
import type { Host, Node } from "./objects/node.ts";
import type { Pod } from "./objects/pod.ts";
import type { Service } from "./objects/service.ts";
import type { ServiceCidr } from "./objects/service-cidr.ts";
import type { ProxyConfiguration } from "./proxy-configuration/proxy-configuration.ts";

/** The state of Kubernetes, checked and with defaults. It does not depend on the node to compile for. */
export interface Cluster {
  readonly services: readonly Service[];
  /** v1 Endpoints of Services without slices are among them. */
  readonly slices: readonly EndpointSlice[];
  readonly nodes: readonly Node[];
  readonly serviceCidrs: readonly ServiceCidr[];
  readonly hosts: readonly Host[];
  /** Read for host ports alone; empty otherwise. */
  readonly pods: readonly Pod[];
  readonly hostPortConfiguration: HostPortConfiguration | undefined;
  readonly proxyConfiguration: ProxyConfiguration;
  /** The configuration has errors. It cannot be left out: with another configuration all rules would differ. */
  readonly isConfigurationBroken: boolean;
  /** The number of objects that are simulated, completely or in part. */
  readonly simulated: number;
  /** The number of objects that were read, and of those of ignored kinds, for the summary. */
  readonly read: number;
  readonly skipped: number;
}
