import type { LineOrigin, Script, ScriptStep } from "../../../ir/artifact.ts";
import { joinLines, type Lines, linesOf } from "../../../ir/lines.ts";
import { declare } from "../../../languages/iptables/write.ts";
import type { FamilyPlan, FamilySettings, ForwardingPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { type AssembledText, always, type Cause, type LowerOptions, lineOrigin } from "../../origins.ts";
import { iptablesChains as chains } from "../chain-names.ts";
import { counters } from "../names.ts";
import { assembleJumps, restoreSteps } from "../steps.ts";
import {
  forwardRules,
  jumps,
  kubeletFirewallRules,
  markMasqueradeRules,
  nodePortDispatchRules,
  postroutingRules,
} from "./base.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { createSections, type SectionName, type Sections } from "./sections.ts";

/**
 * The iptables mode: the steps that program a plan. Chains first, then the jumps to them, and route_localnet after the
 * chain that protects 127.0.0.0/8.
 */
export function lowerIptables(plan: ForwardingPlan, options: LowerOptions): Script {
  const used = new Set<string>();
  const restores = plan.families.flatMap((family) => lowerFamily(family, options, used));
  return { steps: [...counterSteps(used), ...restores, ...sysctlSteps(plan)] };
}

function lowerFamily(
  { settings, servicePorts }: FamilyPlan,
  options: LowerOptions,
  used: Set<string>,
): readonly ScriptStep[] {
  const sections = createSections(options);
  for (const servicePort of servicePorts) lowerServicePort(servicePort, settings, sections);
  if (settings.nfacct && settings.dropsInvalid) used.add(counters.invalidDropped);
  for (const counter of sections.counters) used.add(counter);
  return restoreSteps(settings.family, assembleRestore(settings, sections), assembleJumps(jumps, options.origins));
}

function counterSteps(used: ReadonlySet<string>): readonly ScriptStep[] {
  if (used.size === 0) return [];
  const stdin = joinLines([linesOf([...used].sort())]);
  return [
    {
      purpose: "make the counters that rules use",
      argv: ["xargs", "-n", "1", "nfacct", "add"],
      stdin,
      language: "nfacct",
      file: "nfacct.counters",
    },
  ];
}

/** Set for the whole host, so also where no IPv4 rules are written. */
function sysctlSteps(plan: ForwardingPlan): readonly ScriptStep[] {
  if (plan.localhostNodePorts !== "served") return [];
  const stdin = joinLines([linesOf(["net.ipv4.conf.all.route_localnet = 1"])]);
  const argv = ["sysctl", "-p", "-"];
  return [{ purpose: "let node ports answer on 127.0.0.1", argv, stdin, language: "sysctl", file: "sysctl.conf" }];
}

type Part = readonly string[] | SectionName;

/** The order of the text: per table all declarations, then the rules chain by chain, fixed chains first. */
function layout(settings: FamilySettings): readonly Part[] {
  const {
    services,
    externalServices,
    nodePorts,
    forward,
    proxyFirewall,
    postrouting,
    kubeletFirewall,
    markMasquerade,
  } = chains;
  return [
    ["*filter", ...[kubeletFirewall, forward, nodePorts, services, externalServices, proxyFirewall].map(declare)],
    kubeletFirewallRules(settings),
    forwardRules(settings),
    "filter nodePorts",
    "filter services",
    "filter externalServices",
    "filter proxyFirewall",
    ["COMMIT", "*nat", ...[markMasquerade, postrouting, services, nodePorts].map(declare)],
    "nat declarations",
    markMasqueradeRules(settings),
    postroutingRules(settings),
    "nat services",
    nodePortDispatchRules(settings),
    "nat nodePorts",
    "nat own",
    ["COMMIT"],
  ];
}

/** The input of iptables-restore: Portolan's own chains, complete. */
function assembleRestore(settings: FamilySettings, sections: Sections): AssembledText {
  const parts: Lines[] = [];
  const origins: LineOrigin[] = [];
  let line = 1;
  for (const part of layout(settings)) {
    const lines = typeof part === "string" ? sections.lines[part] : linesOf(part);
    if (sections.causes !== undefined) {
      const causes = typeof part === "string" ? sections.causes[part] : part.map(baseCause);
      causes.forEach((cause, index) => {
        if (cause !== undefined) origins.push(lineOrigin(line + index, cause));
      });
    }
    parts.push(lines);
    line += lines.count;
  }
  return { text: joinLines(parts), origins: sections.causes === undefined ? undefined : origins };
}

/** The origin of lines that no Service generates; undefined for lines that are not rules. */
function baseCause(text: string): Cause | undefined {
  return text.startsWith("-A ") || text.startsWith(":") ? always : undefined;
}
