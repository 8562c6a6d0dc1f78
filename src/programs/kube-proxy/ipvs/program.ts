import type { ForwardingProgram } from "../../program.ts";
import { namingOf } from "../names.ts";
import { ipvsFragments, ipvsKernel } from "./fragments.ts";
import { inspectIpvs, lowerIpvs } from "./lower-ipvs.ts";

const id = "kube-proxy/ipvs";

export const kubeProxyIpvs: ForwardingProgram = {
  id,
  mode: "ipvs",
  traits: {
    localPolicyFallsBack: true,
    shortCircuitsLocal: false,
    nodePortsOnLoopback: false,
    healthCheckNeedsNodePort: true,
    exclusiveDestinations: true,
    affinityScope: "address",
    unknownPortOfVip: "rejected",
    balancing: "scheduler",
    endpointComments: false,
  },
  isDeprecated: true,
  servicePortObjects: "virtual servers and set entries",
  affinityClients: undefined,
  lower: lowerIpvs,
  inspect: inspectIpvs,
  countRules: undefined,
  fragments: ipvsFragments,
  kernel: ipvsKernel,
  ...namingOf(id),
};
