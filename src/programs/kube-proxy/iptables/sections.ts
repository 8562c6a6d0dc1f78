import type { Place } from "../../../diagnostics/place.ts";
import { appendLine, createLines, type Lines } from "../../../ir/lines.ts";
import type { Endpoint, FamilySettings, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import {
  always,
  type Cause,
  endpointCause,
  type LowerOptions,
  type OnlyOf,
  portCause,
  serviceCause,
} from "../../origins.ts";
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
  readonly causes: Readonly<Record<SectionName, (Cause | undefined)[]>> | undefined;
  readonly only: OnlyOf | undefined;
  /** The origin of the next lines; undefined where they are not asked for. */
  cause: Cause | undefined;
  /** Counters that rules use; a restore fails where one is missing. */
  readonly counters: Set<string>;
}

export function createSections({ origins, only }: LowerOptions): Sections {
  const each = <T>(make: () => T): Record<SectionName, T> =>
    Object.fromEntries(sectionNames.map((name) => [name, make()])) as Record<SectionName, T>;
  return {
    lines: each(() => createLines()),
    causes: origins ? each((): (Cause | undefined)[] => []) : undefined,
    only,
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
  const { only, cause, causes } = sections;
  appendLine(sections.lines[name], only !== undefined && cause === undefined ? "" : line);
  causes?.[name].push(cause);
}

/** Sets a field of the Service as the origin of the next lines. Costs nothing when origins are not kept. */
export function setOrigin(sections: Sections, plan: ServicePortPlan, field: string, place?: Place): void {
  if (sections.causes === undefined) return;
  sections.cause = isAskedFor(sections, plan) ? serviceCause(plan, field, place) : undefined;
}

/** The same for a field of the Service's port. */
export function setPortOrigin(sections: Sections, plan: ServicePortPlan, field: string): void {
  if (sections.causes === undefined) return;
  sections.cause = isAskedFor(sections, plan) ? portCause(plan, field) : undefined;
}

/** The same for an endpoint. */
export function setEndpointOrigin(sections: Sections, endpoint: Endpoint): void {
  if (sections.causes === undefined) return;
  const { source: kind, namespace, name } = endpoint.slice;
  const isAsked = sections.only?.({ kind, namespace, name }) ?? true;
  sections.cause = isAsked ? endpointCause(endpoint) : undefined;
}

function isAskedFor({ only }: Sections, { service: { namespace, name } }: ServicePortPlan): boolean {
  return only?.({ kind: "Service", namespace, name }) ?? true;
}
