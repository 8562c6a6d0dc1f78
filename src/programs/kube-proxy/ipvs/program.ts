import { createSet } from "../../../languages/ipset/text.ts";
import { addRealServer } from "../../../languages/ipvs/text.ts";
import type { FamilySettings, ForwardingPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import {
  countEndpoints,
  type ForwardingProgram,
  type KernelWriter,
  type LowerFragment,
  noFragment,
} from "../../program.ts";
import { ipvsChains as chains } from "../chain-names.ts";
import { namingOf } from "../names.ts";
import { type SetKey, setName, sets } from "../set-names.ts";
import { filterChains, natChains } from "./assemble.ts";
import { createContext, createIpvsObjects } from "./ipvs-objects.ts";
import { inspectIpvs, lowerIpvs } from "./lower-ipvs.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { filterRules, jumps, natRules } from "./rules.ts";

/** The kernel objects of one Service in ipvs mode. */
export function ipvsFragments(settings: FamilySettings, { ipvs }: ForwardingPlan): LowerFragment {
  const context = createContext(settings, ipvs, () => {});
  return (ports) => {
    const objects = createIpvsObjects();
    for (const port of ports) lowerServicePort(port, context, objects);
    const rules = objects.nodeDropRules.map(({ rule }) => rule);
    const shared = new Map(rules.length === 0 ? [] : [[`filter ${chains.ipvsOutFilter}`, rules]]);
    return { ...noFragment, endpoints: countEndpoints(ports), shared, objects };
  };
}

/** Rules that match on a set are added with its first entry and deleted with its last. */
export const ipvsKernel: KernelWriter = {
  boundAddresses: "boundIps" satisfies SetKey,
  setName: (set, family) => setName(set as SetKey, family),
  createSet: (set, family, entries) =>
    createSet({ name: setName(set as SetKey, family), type: sets[set as SetKey].type, family, entries }),
  realServerOptions: ({ key }, target) => addRealServer(key, target).slice(`-a ${key} -r ${target} `.length),
  setRules: (settings, has) => [
    { table: "filter", chains: filterChains, rules: filterRules(settings, has) },
    { table: "nat", chains: natChains, rules: natRules(settings, has) },
  ],
};

const id = "kube-proxy/ipvs";

export const kubeProxyIpvs: ForwardingProgram = {
  id,
  mode: "ipvs",
  traits: {
    localPolicyFallsBack: true,
    shortCircuitsLocal: false,
    nodePortsByDefault: "every-address",
    nodePortsOnLoopback: false,
    healthCheckNeedsNodePort: true,
    exclusiveDestinations: true,
    affinityScope: "address",
    unknownPortOfVip: "rejected",
    balancing: "scheduler",
    endpointComments: false,
  },
  jumps,
  deprecation: { since: "1.35", offByDefault: "1.40", removed: "1.43", proposal: "KEP-5495" },
  chainNames: undefined,
  servicePortObjects: "virtual servers and set entries",
  affinityClients: undefined,
  lower: lowerIpvs,
  inspect: inspectIpvs,
  countRules: undefined,
  fragments: ipvsFragments,
  kernel: ipvsKernel,
  writeTablePart: undefined,
  ...namingOf(id),
};
