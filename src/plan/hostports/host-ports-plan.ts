import type { Place } from "../../diagnostics/place.ts";
import type { Cidr, Family, IpAddress } from "../../model/address.ts";
import type { Protocol } from "../../model/fields/names.ts";
import type { PortmapPlugin } from "../../model/objects/host-port-configuration.ts";

/** The host ports of one node, as the container runtime hands them to the node's plugin. No tool is named. */
export interface HostPortsPlan {
  readonly network: string;
  readonly plugin: PortmapPlugin;
  readonly podInterface: string;
  /** In the order in which the pods were started: where two claim a port, the first has it. */
  readonly pods: readonly PodPortsPlan[];
}

export interface PodPortsPlan {
  readonly namespace: string;
  readonly name: string;
  readonly place: Place;
  /** The ID of the pod's sandbox, or a stand-in: the API does not have it. */
  readonly containerId: string;
  /** The first address of each family. */
  readonly addresses: readonly PodAddress[];
  /** In written order, for every family. */
  readonly mappings: readonly PortMapping[];
  /** The plugin refuses the pod after it has made what all pods share; what it made for the pod is undone. */
  readonly isRefused: boolean;
}

export interface PodAddress {
  readonly ip: IpAddress;
  /** The network it is in, as the network's own plugin says. */
  readonly network: Cidr;
}

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
  /** Undefined: every address. */
  readonly hostIp: IpAddress | undefined;
  /** Undefined: both. */
  readonly family: Family | undefined;
  readonly place: Place;
}
