import { type Rule, targetEffects } from "../languages/iptables/rule.ts";
import { iptablesChains } from "../programs/kube-proxy/chain-names.ts";

/** The kernel compares 31 random bits with a threshold: this one always lets through. */
export const thresholdOne = 2 ** 31;

/** A part of one: for people, and exactly. */
export interface Share {
  readonly part: number;
  /** `715827883/2147483648`, as the kernel draws it; undefined after so many draws that nobody could read it. */
  readonly exact: string | undefined;
}

/** A share of threshold / 2^31 for people: `33.3%`, and `50%` without idle decimals. */
export function describeShare(threshold: number): string {
  return describePart(threshold / thresholdOne);
}

/** A part of one for people. What is there is never shown as nothing, nor what is missing as all. */
export function describePart(part: number): string {
  const percent = part * 100;
  if (percent > 0 && percent < 0.05) return "< 0.1%";
  if (percent < 100 && percent >= 99.95) return "> 99.9%";
  return `${percent.toFixed(1).replace(/\.0$/, "")}%`;
}

/** One of equal parts, which no rounding has touched. */
export function equalShare(count: number): Share {
  return { part: 1 / count, exact: `1/${count}` };
}

/**
 * What each rule of a chain takes of the packets that no earlier condition has taken: shares at a fork. Undefined for a
 * rule that asks for more than chance, or that lets packets go on; all of them where chance has no part.
 */
export function forkShares(rules: readonly Rule[]): readonly (Share | undefined)[] {
  if (!rules.some(({ matches }) => matches.some(({ kind }) => kind === "statistic"))) return rules.map(() => undefined);
  let left: Fraction = { part: 1, numerator: 1n, bits: 0n };
  return rules.map((rule) => {
    const threshold = chanceOf(rule);
    if (threshold === undefined) return undefined;
    const taken = times(left, threshold);
    left = times(left, thresholdOne - threshold);
    return { part: taken.part, exact: printFraction(taken) };
  });
}

/** numerator / 2^bits; without a numerator after too many draws: each makes it longer by 31 bits. */
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

/** The threshold of a rule that ends the chain by chance alone; one that asks for nothing always does. */
function chanceOf({ matches, target }: Rule): number | undefined {
  if (targetEffects[target.kind] === "continues") return undefined;
  if (target.kind === "jump" && target.chain === iptablesChains.markMasquerade) return undefined;
  let threshold = thresholdOne;
  for (const match of matches) {
    if (match.kind === "statistic") threshold = match.negated ? thresholdOne - match.threshold : match.threshold;
    else if (match.kind !== "comment") return undefined;
  }
  return threshold;
}
