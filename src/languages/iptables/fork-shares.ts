import { printPart } from "../../datapath/share.ts";
import type { Share } from "../text-reader.ts";
import type { OwnChains } from "./own-chains.ts";
import { type Rule, targetEffects } from "./rule.ts";

/** The kernel compares 31 random bits with a threshold: this one always matches. */
export const thresholdOne = 2 ** 31;

/** threshold / 2^31 for display: `33.3%`, and `50%` without trailing zeros. */
export function describeShare(threshold: number): string {
  return printPart(threshold / thresholdOne);
}

/**
 * The fraction of the packets at each rule of a fork that the rule takes. Undefined for a rule with other conditions,
 * or whose target does not end the chain; undefined for all rules without random matches.
 */
export function forkShares(rules: readonly Rule[], own: OwnChains): readonly (Share | undefined)[] {
  if (!rules.some(({ matches }) => matches.some(({ kind }) => kind === "statistic"))) return rules.map(() => undefined);
  let left: Fraction = { part: 1, numerator: 1n, bits: 0n };
  return rules.map((rule) => {
    const threshold = chanceOf(rule, own);
    if (threshold === undefined) return undefined;
    const taken = times(left, threshold);
    left = times(left, thresholdOne - threshold);
    return { part: taken.part, exact: printFraction(taken) };
  });
}

/** numerator / 2^bits. Each random match adds 31 bits; after too many the numerator is dropped. */
interface Fraction {
  readonly part: number;
  readonly numerator: bigint | undefined;
  readonly bits: bigint;
}

const mostBits = 31n * 16n;

function times({ part, numerator, bits }: Fraction, threshold: number): Fraction {
  const isLong = numerator === undefined || bits >= mostBits;
  return {
    part: part * (threshold / thresholdOne),
    numerator: isLong ? undefined : numerator * BigInt(threshold),
    bits: bits + 31n,
  };
}

function printFraction({ numerator, bits }: Fraction): string | undefined {
  if (numerator === undefined) return undefined;
  let [top, left] = [numerator, bits];
  while (left > 0n && top % 2n === 0n) [top, left] = [top / 2n, left - 1n];
  return left === 0n ? String(top) : `${top}/${1n << left}`;
}

/** The threshold of a rule that only has a random match; thresholdOne for a rule without conditions. */
function chanceOf({ matches, target }: Rule, own: OwnChains): number | undefined {
  if (targetEffects[target.kind] === "continues") return undefined;
  if (target.kind === "jump" && own.roleOf(target.chain) === "mark") return undefined;
  let threshold = thresholdOne;
  for (const match of matches) {
    if (match.kind === "statistic") threshold = match.negated ? thresholdOne - match.threshold : match.threshold;
    else if (match.kind !== "comment") return undefined;
  }
  return threshold;
}
