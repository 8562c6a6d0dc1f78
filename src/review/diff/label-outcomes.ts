import { printTarget } from "../../evaluate/addresses.ts";
import { type Part, sameParts } from "../../evaluate/classes.ts";
import { printFraction, printPercent, shareNumber } from "../../evaluate/share.ts";
import type { EntryComparison } from "./compare-key.ts";
import { nameSources } from "./name-sources.ts";
import type { SideNode } from "./side.ts";
import type { ClassOutcome, OutcomeLabel } from "./traffic-diff.ts";

/** What one side does, class by class, with classes that are treated alike named together. */
export function labelClasses(
  comparisons: readonly EntryComparison[],
  side: "base" | "head",
  nodes: readonly SideNode[],
): readonly ClassOutcome[] {
  const named = comparisons.flatMap((comparison) =>
    comparison[side].map(({ sources, parts }) => ({
      name: nameSources(comparison.entry, sources, comparison.sources, nodes),
      parts,
    })),
  );
  const groups: { names: string[]; parts: readonly Part[] }[] = [];
  for (const { name, parts } of named) {
    const same = groups.find((group) => sameParts(group.parts, parts));
    if (same === undefined) groups.push({ names: [name], parts });
    else same.names.push(name);
  }
  const [only, second] = groups;
  return groups.map(({ names, parts }) => ({
    from: only !== undefined && second === undefined ? "any source" : listed(names),
    outcomes: parts.map(labelOutcome),
  }));
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
    const end = verdict.kind === "delivered" ? printTarget(verdict.target) : verdict.kind;
    const portion = parts.length > 1 && assumptions.length === 0 ? ` ${printPercent(share)}` : "";
    const source = masqueraded && !isMasqueraded ? " masqueraded" : "";
    return `${end}${portion}${source}${assumptions.map(({ what, holds }) => ` if ${holds ? "" : "not "}${what}`).join()}`;
  });
  const more = parts.length > mostTold ? [`${parts.length - mostTold} more`] : [];
  return [...told, ...more, ...(isMasqueraded ? ["masqueraded"] : [])].join(", ");
}
