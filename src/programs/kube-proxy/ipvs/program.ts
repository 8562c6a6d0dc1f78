import type { Report } from "../../../diagnostics/diagnostic.ts";
import type { LanguageId, Script, ScriptStep } from "../../../ir/artifact.ts";
import { joinLines, linesOf } from "../../../ir/lines.ts";
import { createSet, defaultMaxElements } from "../../../languages/ipset/text.ts";
import { addRealServer } from "../../../languages/ipvs/text.ts";
import type { FamilyPlan, FamilySettings, ForwardingPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import type { LowerOptions } from "../../origins.ts";
import {
  countEndpoints,
  type ForwardingProgram,
  type KernelWriter,
  type LowerFragment,
  noFragment,
} from "../../program.ts";
import { ipvsChains as chains } from "../chain-names.ts";
import { addressDevice, namingOf } from "../names.ts";
import { type SetKey, setKeys, setName, sets } from "../set-names.ts";
import { assembleJumps, restoreSteps, textStep } from "../steps.ts";
import {
  assembleAddresses,
  assembleRules,
  assembleServers,
  assembleSets,
  type FamilyObjects,
  filterChains,
  natChains,
} from "./assemble.ts";
import { createDifferences, type Differences, noteDifferences, reportDifferences } from "./differences.ts";
import { createContext, createIpvsObjects } from "./ipvs-objects.ts";
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
  addressDevice,
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
  counters: [],
  writeTablePart: undefined,
  ...namingOf(id),
};

/**
 * The ipvs mode: the steps that program a plan. Sets before the rules that match on them, virtual servers before their
 * traffic, and the service addresses last: from then on packets to them are delivered to this host.
 */
function lowerIpvs(plan: ForwardingPlan, options: LowerOptions, report: Report): Script {
  const families = lowerFamilies(plan, report);
  const rules = families.flatMap((family) => {
    const chains = assembleRules(family, options);
    return restoreSteps(family.settings.family, chains, assembleJumps(jumps, options.origins));
  });
  const servers = assembleServers(families, options);
  const addresses = assembleAddresses(families, options);
  const sets = assembleSets(families, options);
  const steps = [
    textStep(
      {
        purpose: "make the sets that rules ask for",
        argv: ["ipset", "restore", "-exist"],
        language: "ipset",
        file: "ipset.restore",
      },
      sets,
    ),
    bareStep("have the kernel load IPVS", "ipvs", ["ipvsadm", "-Sn"]),
    textStep(
      { purpose: "make the virtual servers", argv: ["ipvsadm", "--restore"], language: "ipvs", file: "ipvs.restore" },
      servers,
    ),
    ...timeoutSteps(plan),
    sysctlStep(plan),
    ...rules,
    bareStep("make the device that carries service addresses", "iproute", [
      "ip",
      "link",
      "add",
      "kube-ipvs0",
      "type",
      "dummy",
    ]),
    textStep(
      {
        purpose: "bind the service addresses",
        argv: ["ip", "-batch", "-"],
        language: "iproute",
        file: "addresses.batch",
      },
      addresses,
    ),
  ];
  return { steps: steps.filter(({ file, stdin }) => file === undefined || stdin.length > 0) };
}

function bareStep(purpose: string, language: LanguageId, argv: readonly string[]): ScriptStep {
  return { purpose, argv, stdin: new Uint8Array(), language, file: undefined };
}

/** Reports the diagnostics of lowering without making text. */
function inspectIpvs(plan: ForwardingPlan, report: Report): void {
  lowerFamilies(plan, report);
}

function lowerFamilies(plan: ForwardingPlan, report: Report): readonly FamilyObjects[] {
  const differences = createDifferences();
  const families = plan.families.map((family) => lowerFamily(family, plan, differences, report));
  reportDifferences(differences, plan.localhostNodePorts, report);
  return families;
}

function lowerFamily(
  { settings, servicePorts }: FamilyPlan,
  plan: ForwardingPlan,
  differences: Differences,
  report: Report,
): FamilyObjects {
  const objects = createIpvsObjects();
  const context = createContext(settings, plan.ipvs, ({ name }, address, { place }) =>
    report("virtual-server-shared", place, { address, service: name }),
  );
  for (const servicePort of servicePorts) {
    lowerServicePort(servicePort, context, objects);
    noteDifferences(servicePort, context, differences);
  }
  for (const key of setKeys) {
    const { size } = objects.entries[key];
    if (size > defaultMaxElements)
      report("ipset-enlarged", undefined, { set: setName(key, settings.family), count: size });
  }
  return { settings, objects };
}

function sysctlStep({ ipvs }: ForwardingPlan): ScriptStep {
  const arp = ipvs.strictArp ? ["net.ipv4.conf.all.arp_announce = 2", "net.ipv4.conf.all.arp_ignore = 1"] : [];
  const lines = [
    ...arp,
    "net.ipv4.ip_forward = 1",
    "net.ipv4.vs.conntrack = 1",
    "net.ipv4.vs.expire_nodest_conn = 1",
    "net.ipv4.vs.expire_quiescent_template = 1",
  ];
  return {
    purpose: "set up the kernel for ipvs",
    argv: ["sysctl", "-p", "-"],
    stdin: joinLines([linesOf(lines)]),
    language: "sysctl",
    file: "sysctl.conf",
  };
}

function timeoutSteps({ ipvs: { timeouts } }: ForwardingPlan): readonly ScriptStep[] {
  if (timeouts === undefined) return [];
  const stdin = joinLines([linesOf([`--set ${timeouts.tcp} ${timeouts.tcpFin} ${timeouts.udp}`])]);
  const argv = ["xargs", "ipvsadm"];
  return [
    { purpose: "set the timeouts of connections", argv, stdin, language: "ipvs-timeouts", file: "ipvs.timeouts" },
  ];
}
