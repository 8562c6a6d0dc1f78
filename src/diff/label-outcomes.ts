import { intersect, isEmpty, printTarget } from "../datapath/address-set.ts";
import { type Part, sameParts } from "../datapath/classes.ts";
import { printFraction, printPercent, shareNumber } from "../datapath/share.ts";
import { verdictWords } from "./classify-change.ts";
import type { Difference, EntryComparison } from "./destinations/compare-destination.ts";
import { nameSources } from "./name-sources.ts";
import type { SideNode } from "./side.ts";
import type { ClassOutcome, OutcomeLabel } from "./traffic-diff.ts";

export interface LabelledClasses {
  readonly before: readonly ClassOutcome[];
  readonly after: readonly ClassOutcome[];
}

/**
 * The outcomes of both sides, class by class. Neither side divides a class further, so both lists have the same
 * classes. Classes that are treated alike on both sides get one common name.
 */
export function labelClasses(comparisons: readonly EntryComparison[], nodes: readonly SideNode[]): LabelledClasses {
  const groups: { readonly names: string[]; readonly was: readonly Part[]; readonly now: readonly Part[] }[] = [];
  for (const comparison of comparisons) {
    for (const { sources, was, now } of sharedClasses(comparison)) {
      const name = nameSources(comparison.entry, sources, comparison.sources, nodes);
      const same = groups.find((group) => sameParts(group.was, was) && sameParts(group.now, now));
      if (same === undefined) groups.push({ names: [name], was, now });
      else same.names.push(name);
    }
  }
  const label = (side: "was" | "now") =>
    groups.map((group) => ({
      from: groups.length === 1 ? "any source" : listed(group.names),
      outcomes: group[side].map(labelOutcome),
    }));
  return { before: label("was"), after: label("now") };
}

type Piece = Pick<Difference, "sources" | "was" | "now">;

/** The intersections of both sides' classes. */
function sharedClasses({ base, head }: EntryComparison): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const { sources, parts: was } of base) {
    for (const { sources: others, parts: now } of head) {
      const shared = intersect(sources, others);
      if (!isEmpty(shared)) pieces.push({ sources: shared, was, now });
    }
  }
  return pieces;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

export function labelOutcome({ outcome, share, assumptions }: Part): OutcomeLabel {
  const { verdict, masqueraded, affinity } = outcome;
  return {
    verdict: verdict.kind,
    destination: verdict.kind === "delivered" ? printTarget(verdict.target) : undefined,
    share: shareNumber(share),
    exact: printFraction(share),
    masquerade: masqueraded,
    affinity,
    assuming: assumptions.map(({ what, holds }) => (holds ? what : `not ${what}`)),
  };
}

const mostTold = 3;

/** One line: `10.0.1.5:80 50 %, 10.0.1.6:80 50 %, masqueraded`, `rejected`. */
export function tellParts(parts: readonly Part[]): string {
  const delivered = parts.filter(({ outcome }) => outcome.verdict.kind === "delivered");
  const isMasqueraded = delivered.length > 0 && delivered.every(({ outcome }) => outcome.masqueraded);
  const told = parts.slice(0, mostTold).map(({ outcome: { verdict, masqueraded }, share, assumptions }) => {
    const end = verdict.kind === "delivered" ? printTarget(verdict.target) : verdictWords(verdict.kind);
    const portion = parts.length > 1 && assumptions.length === 0 ? ` ${printPercent(share)}` : "";
    const source = masqueraded && !isMasqueraded ? " masqueraded" : "";
    return `${end}${portion}${source}${assumptions.map(({ what, holds }) => ` if ${holds ? "" : "not "}${what}`).join()}`;
  });
  const more = parts.length > mostTold ? [`${parts.length - mostTold} more`] : [];
  return [...told, ...more, ...(isMasqueraded ? ["masqueraded"] : [])].join(", ");
}
