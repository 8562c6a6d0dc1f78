import type { ForwardingProgram } from "../../program.ts";
import { namingOf } from "../names.ts";
import { inspectNftables, lowerNftables } from "./lower-nftables.ts";

const id = "kube-proxy/nftables";

export const kubeProxyNftables: ForwardingProgram = {
  id,
  mode: "nftables",
  traits: {
    localPolicyFallsBack: false,
    shortCircuitsLocal: true,
    nodePortsByDefault: "primary",
    nodePortsOnLoopback: false,
    healthCheckNeedsNodePort: false,
    exclusiveDestinations: false,
    affinityScope: "service-port",
    unknownPortOfVip: "rejected",
    balancing: "chance",
    endpointComments: false,
  },
  jumps: [],
  isDeprecated: false,
  servicePortObjects: "chains and elements of maps",
  // The size of the set of an endpoint's clients.
  affinityClients: 65_535,
  lower: lowerNftables,
  inspect: inspectNftables,
  countRules: undefined,
  fragments: undefined,
  kernel: undefined,
  ...namingOf(id),
};
