import { textsOf } from "../../../ir/lines.ts";
import type { FamilySettings } from "../../../plan/forwarding/forwarding-plan.ts";
import { countEndpoints, type LowerFragment } from "../../fragment.ts";
import { iptablesChains as chains } from "../chain-names.ts";
import { lowerServicePort } from "./lower-service-port.ts";
import { createSections, type SectionName } from "./sections.ts";

/** The chains that sections add to; the sections of own chains have none. */
const sharedChains: Readonly<Partial<Record<SectionName, string>>> = {
  "filter nodePorts": `filter ${chains.nodePorts}`,
  "filter services": `filter ${chains.services}`,
  "filter externalServices": `filter ${chains.externalServices}`,
  "filter proxyFirewall": `filter ${chains.proxyFirewall}`,
  "nat services": `nat ${chains.services}`,
  "nat nodePorts": `nat ${chains.nodePorts}`,
};

/** What the iptables mode writes for one Service: its rules in shared chains, and its own chains. */
export function iptablesFragments(settings: FamilySettings): LowerFragment {
  return (ports) => {
    const sections = createSections(false);
    for (const port of ports) lowerServicePort(port, settings, sections);
    const shared = new Map<string, readonly string[]>();
    for (const section in sharedChains) {
      const lines = sections.lines[section as SectionName];
      if (lines.count > 0) shared.set(sharedChains[section as SectionName] as string, textsOf(lines));
    }
    const own = new Map<string, string[]>();
    for (const declaration of textsOf(sections.lines["nat declarations"])) own.set(wordAt(declaration, 1), []);
    for (const rule of textsOf(sections.lines["nat own"])) own.get(wordAt(rule, 3))?.push(rule);
    return { endpoints: countEndpoints(ports), own, shared, counters: sections.counters, objects: undefined };
  };
}

/** From there to the next blank. */
function wordAt(line: string, start: number): string {
  return line.slice(start, line.indexOf(" ", start));
}
