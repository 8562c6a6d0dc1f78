import type { LineOrigin } from "../../../ir/artifact.ts";
import { joinLines, type Lines, linesOf } from "../../../ir/lines.ts";
import { declare } from "../../../languages/iptables/write.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { type AssembledText, always, type Cause, lineOrigin } from "../../origins.ts";
import { iptablesChains as chains } from "../chain-names.ts";
import {
  forwardRules,
  kubeletFirewallRules,
  markMasqueradeRules,
  nodePortDispatchRules,
  postroutingRules,
} from "./base.ts";
import type { SectionName, Sections } from "./sections.ts";

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
export function assembleRestore(settings: FamilySettings, sections: Sections): AssembledText {
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
