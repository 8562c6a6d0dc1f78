import type { Step } from "../../src/ir/artifact.ts";

import type { SimulatedHost } from "./simulated-host.ts";
import { printOutcomes, type TracedOutcome } from "./trace.ts";
import { allPackets } from "./transition-states.ts";

export type Allows = (
  now: readonly TracedOutcome[],
  before: readonly TracedOutcome[],
  after: readonly TracedOutcome[],
) => boolean;

/** The nat table changes in one transaction, so shares are those of before or of after as well. */
export const exactly: Allows = (now, before, after) =>
  [before, after].some((side) => printOutcomes(side) === printOutcomes(now));

/**
 * IPVS takes one command at a time. While real servers change, a packet goes to one of before or of after; and a
 * virtual server that is new has none for a moment, in which it refuses what nobody served before.
 */
export const byVerdict: Allows = (now, before, after) => {
  const allowed = new Set([...before, ...after].map(verdictText));
  if (before.every(isUntouched)) allowed.add("rejected");
  return now.every((outcome) => allowed.has(verdictText(outcome)));
};

/** Whoever was refused before may be served early, or refused in another way. */
export const unlessRefused: Allows = (now, before, after) =>
  byVerdict(now, before, after) ||
  [before, after].some((side) => side.every(({ verdict }) => verdict.kind !== "delivered"));

function isUntouched({ verdict }: TracedOutcome): boolean {
  return verdict.kind === "untouched";
}

/** Nobody serves it: then it does not matter which source it would carry on its way. */
function verdictText({ verdict }: TracedOutcome): string {
  return verdict.kind === "untouched"
    ? verdict.kind
    : JSON.stringify(verdict).replace(/^{"kind":"(rejected|dropped)"}$/, "$1");
}

/** Runs steps on a simulated host and looks at all packets after each thing that changes; tells what is not allowed. */
export function runObserved(host: SimulatedHost, steps: readonly Step[], allows?: Allows): readonly string[] {
  const packets = allows === undefined ? [] : allPackets();
  const look = () => packets.map((packet) => host.trace(packet));
  const before = look();
  const seen: {
    readonly moment: number;
    readonly what: string;
    readonly outcomes: readonly (readonly TracedOutcome[])[];
  }[] = [];
  let purpose = "";
  host.observe = () => seen.push({ moment: seen.length, what: purpose, outcomes: look() });
  for (const step of steps) {
    purpose = step.purpose;
    host.run(step);
  }
  host.observe = () => {};
  const after = look();
  return seen.flatMap(({ moment, what, outcomes }) =>
    outcomes.flatMap((now, index) => {
      const [first, last] = [before[index] ?? [], after[index] ?? []];
      if (allows?.(now, first, last) ?? true) return [];
      const { entry, source, destination, port } = packets[index] as (typeof packets)[number];
      const packet = `${moment} (${what}): ${entry} ${source} -> ${destination}:${port}: ${printOutcomes(now)}`;
      return [`${packet}\n  before ${printOutcomes(first)}\n  after  ${printOutcomes(last)}`];
    }),
  );
}
