import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import {
  countEndpoints,
  type ForwardingProgram,
  type LowerFragment,
  noFragment,
  type TableBlock,
  type WriteTablePart,
} from "../../program.ts";
import { assembleTable } from "./assemble.ts";
import { inspectNftables, lowerNftables } from "./lower-nftables.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { endpointChainPrefix, nftEndpointName, nftServicePortChains } from "./names.ts";
import { ownerOf, purposeOf } from "./purposes.ts";
import {
  addLine,
  createTableObjects,
  elementSets,
  type NftBlock,
  type NftElement,
  openBlock,
} from "./table-objects.ts";

/** The sets, chains and elements of one Service. */
function nftFragments(settings: FamilySettings): LowerFragment {
  return (ports) => {
    const objects = createTableObjects({ origins: false });
    for (const port of ports) lowerServicePort(port, settings, objects);
    const blocksOf = (kind: TableBlock["kind"], blocks: readonly NftBlock[]): readonly TableBlock[] =>
      blocks.map(({ name, lines }) => ({ kind, name, lines }));
    const blocks = [...blocksOf("set", objects.affinitySets), ...blocksOf("chain", objects.chains)];
    const kernel = { entries: objects.elements, servers: new Map(), blocks };
    return { ...noFragment, endpoints: countEndpoints(ports), objects: kernel };
  };
}

const decoder = new TextDecoder();

const writeTablePart: WriteTablePart = (settings, { entries, blocks }) => {
  const objects = createTableObjects({ origins: false });
  for (const { kind, name, lines } of blocks) {
    const block = openBlock(objects, kind === "set" ? objects.affinitySets : objects.chains, name);
    for (const line of lines) addLine(objects, block, line);
  }
  for (const set of elementSets) {
    for (const [key, element] of entries[set] ?? []) objects.elements[set].set(key, element as NftElement);
  }
  return decoder.decode(assembleTable(settings, objects).text);
};

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
  deprecation: undefined,
  chainNames: {
    of: nftServicePortChains,
    endpoint: (port, endpoint) => endpointChainPrefix + nftEndpointName(port, endpoint),
  },
  servicePortObjects: "chains and elements of maps",
  // The size of the set of an endpoint's clients.
  affinityClients: 65_535,
  lower: lowerNftables,
  inspect: inspectNftables,
  countRules: undefined,
  fragments: nftFragments,
  kernel: undefined,
  writeTablePart,
  ownerOf,
  purposeOf,
};
