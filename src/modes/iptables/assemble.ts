import { originOf } from "../../diagnostics/place.ts";
import type { FamilySettings } from "../../resolve/forwarding-plan.ts";
import { declare } from "../../tools/iptables/spell.ts";
import { joinLines, type Lines, linesOf } from "../../tools/lines.ts";
import type { LineOrigin } from "../../tools/script.ts";
import {
  forwardRules,
  jumps,
  kubeletFirewallRules,
  markMasqueradeRules,
  nodePortDispatchRules,
  postroutingRules,
} from "./base.ts";
import type { Cause } from "./cause.ts";
import { chains } from "./chains.ts";
import type { SectionName, Sections } from "./sections.ts";

/** The text of one family, with the origin of each rule when causes were kept. */
export interface AssembledText {
  readonly text: Uint8Array;
  readonly origins: readonly LineOrigin[] | undefined;
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

/** The rules in built-in chains, in their final order. */
export function assembleJumps(keepCauses: boolean): AssembledText {
  const lines: string[] = [];
  for (const table of ["filter", "nat"] as const) {
    const rules = jumps.filter((jump) => jump.table === table).map(({ chain, rule }) => `-A ${chain}${rule}`);
    lines.push(`*${table}`, ...rules, "COMMIT");
  }
  const origins = lines.flatMap((text, index) => {
    const cause = baseCause(text);
    return cause === undefined ? [] : [lineOrigin(index + 1, cause)];
  });
  return { text: joinLines([linesOf(lines)]), origins: keepCauses ? origins : undefined };
}

/** What no Service causes; undefined for lines that are no rules. */
function baseCause(text: string): Cause | undefined {
  return text.startsWith("-A ") || text.startsWith(":")
    ? { object: "kube-proxy", field: "", place: undefined }
    : undefined;
}

function lineOrigin(line: number, { object, field, place }: Cause): LineOrigin {
  const origin = place === undefined ? undefined : originOf(place);
  return { line, object, field, document: origin?.document, path: origin?.path ?? [] };
}
