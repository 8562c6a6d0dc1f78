import type { Report } from "../../../diagnostics/diagnostic.ts";
import type { Script, ScriptStep } from "../../../ir/artifact.ts";
import { longestComment, nftFamily } from "../../../languages/nftables/write.ts";
import type {
  FamilyPlan,
  FamilySettings,
  ForwardingPlan,
  ServicePortPlan,
} from "../../../plan/forwarding/forwarding-plan.ts";
import { nodePortAddresses } from "../../../plan/forwarding/node-port-scope.ts";
import { always, type LowerOptions } from "../../origins.ts";
import {
  countEndpoints,
  type ForwardingProgram,
  type LowerFragment,
  noFragment,
  type TableBlock,
  type WriteTablePart,
} from "../../program.ts";
import { textStep } from "../steps.ts";
import { assembleTable } from "./assemble.ts";
import { addFixedChains } from "./base.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { endpointChainPrefix, nftEndpointName, nftServicePortChains } from "./names.ts";
import { ownerOf, purposeOf } from "./purposes.ts";
import {
  addElement,
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
  counters: [],
  writeTablePart,
  ownerOf,
  purposeOf,
};

/** The nftables mode: one transaction for the table of each family. */
function lowerNftables(plan: ForwardingPlan, options: LowerOptions, report: Report): Script {
  return { steps: plan.families.map((family) => lowerFamily(family, options, report)) };
}

/** Reports the diagnostics of lowering without making text. */
function inspectNftables({ families }: ForwardingPlan, report: Report): void {
  for (const { servicePorts } of families) for (const port of servicePorts) reportLongName(port, report);
}

/** A service port without endpoints is named in a comment. */
function reportLongName({ name, port, internal, external }: ServicePortPlan, report: Report): void {
  const isNamed = internal.kind !== "balance" || (external !== undefined && external.route.kind !== "balance");
  if (isNamed && name.length > longestComment)
    report("nft-comment-too-long", port.place, { name, longest: longestComment });
}

function lowerFamily({ settings, servicePorts }: FamilyPlan, options: LowerOptions, report: Report): ScriptStep {
  const objects = createTableObjects(options);
  for (const servicePort of servicePorts) {
    lowerServicePort(servicePort, settings, objects);
    reportLongName(servicePort, report);
  }
  objects.cause = always;
  addFixedChains(settings, objects);
  objects.cause = always;
  if (settings.nodePorts.kind === "addresses")
    for (const { text } of nodePortAddresses(settings)) addElement(objects, "nodeport-ips", text, "");
  const { family } = settings;
  const file = `nftables.${nftFamily[family]}.nft`;
  const purpose = "make the table, in one transaction";
  return textStep(
    { purpose, argv: ["nft", "-f", "-"], language: "nftables", family, file },
    assembleTable(settings, objects),
  );
}
