import { appendLine, createLines, type Lines } from "../../../ir/lines.ts";
import type { FamilySettings, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { always, type Cause, type LowerOptions, type OriginKeeper } from "../../origins.ts";
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
export interface Sections extends OriginKeeper {
  readonly lines: Readonly<Record<SectionName, Lines>>;
  readonly causes: Readonly<Record<SectionName, (Cause | undefined)[]>> | undefined;
  /** Counters that rules use; a restore fails where one is missing. */
  readonly counters: Set<string>;
}

export function createSections({ origins, only }: LowerOptions): Sections {
  const each = <T>(make: () => T): Record<SectionName, T> =>
    Object.fromEntries(sectionNames.map((name) => [name, make()])) as Record<SectionName, T>;
  return {
    lines: each(() => createLines()),
    causes: origins ? each((): (Cause | undefined)[] => []) : undefined,
    keepsOrigins: origins,
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
