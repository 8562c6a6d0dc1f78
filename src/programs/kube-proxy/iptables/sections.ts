import type { Place } from "../../../diagnostics/place.ts";
import { appendLine, createLines, type Lines } from "../../../ir/lines.ts";
import type { Endpoint, FamilySettings, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { always, type Cause, endpointCause, portCause, serviceCause } from "../../origins.ts";
import type { ServicePortChains } from "../chain-names.ts";

/**
 * The parts of one family's ruleset that service ports add lines to, in any order. The printed text is the fixed base
 * with these sections in between; the lines of one service port are its fragment.
 */
export const sectionNames = [
  "filter nodePorts",
  "filter services",
  "filter externalServices",
  "filter proxyFirewall",
  "nat declarations",
  "nat services",
  "nat nodePorts",
  "nat own",
] as const;

export type SectionName = (typeof sectionNames)[number];

/** The output of lowering. With `causes`, each line keeps the object and field it comes from. */
export interface Sections {
  readonly lines: Readonly<Record<SectionName, Lines>>;
  readonly causes: Readonly<Record<SectionName, Cause[]>> | undefined;
  /** The origin of the next lines. */
  cause: Cause;
  /** Counters that rules use; a restore fails where one is missing. */
  readonly counters: Set<string>;
}

export function createSections(keepCauses: boolean): Sections {
  const each = <T>(make: () => T): Record<SectionName, T> =>
    Object.fromEntries(sectionNames.map((name) => [name, make()])) as Record<SectionName, T>;
  return {
    lines: each(() => createLines()),
    causes: keepCauses ? each((): Cause[] => []) : undefined,
    cause: always,
    counters: new Set(),
  };
}

/** One service port, with the inputs and outputs of lowering it. */
export interface PortLowering {
  readonly plan: ServicePortPlan;
  readonly own: ServicePortChains;
  readonly settings: FamilySettings;
  readonly out: Sections;
}

export function write(sections: Sections, name: SectionName, line: string): void {
  appendLine(sections.lines[name], line);
  sections.causes?.[name].push(sections.cause);
}

/** Sets a field of the Service as the origin of the next lines. Costs nothing when origins are not kept. */
export function setOrigin(sections: Sections, plan: ServicePortPlan, field: string, place?: Place): void {
  if (sections.causes !== undefined) sections.cause = serviceCause(plan, field, place);
}

/** The same for a field of the Service's port. */
export function setPortOrigin(sections: Sections, plan: ServicePortPlan, field: string): void {
  if (sections.causes !== undefined) sections.cause = portCause(plan, field);
}

/** The same for an endpoint. */
export function setEndpointOrigin(sections: Sections, endpoint: Endpoint): void {
  if (sections.causes !== undefined) sections.cause = endpointCause(endpoint);
}
