/** An exact share of the packets: numerator / denominator. Not always in lowest terms; `reduced` makes it so. */
export interface Share {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const everything: Share = { numerator: 1n, denominator: 1n };
export const nothing: Share = { numerator: 0n, denominator: 1n };

/** A fraction of all packets. iptables has a denominator of 2^31: it compares 31 random bits with a threshold. */
export function chanceOf(numerator: number, denominator = 2 ** 31): Share {
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}

export function share(numerator: bigint | number, denominator: bigint | number): Share {
  return reduced({ numerator: BigInt(numerator), denominator: BigInt(denominator) });
}

export function reduced({ numerator, denominator }: Share): Share {
  const divisor = greatestDivisor(numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function times(a: Share, b: Share): Share {
  if (a === everything) return b;
  if (b === everything) return a;
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

export function plus(a: Share, b: Share): Share {
  if (a.denominator === b.denominator) return { numerator: a.numerator + b.numerator, denominator: a.denominator };
  return reduced({
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  });
}

export function minus(a: Share, b: Share): Share {
  return plus(a, { numerator: -b.numerator, denominator: b.denominator });
}

export function total(shares: readonly Share[]): Share {
  return shares.reduce(plus, nothing);
}

export function isNothing({ numerator }: Share): boolean {
  return numerator === 0n;
}

export function sameShare(a: Share, b: Share): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}

/** Whether two shares are at most `bits` of 2^-31 apart: each rule of a "1/n" rounds its threshold. */
export function nearShare(a: Share, b: Share, bits: number): boolean {
  const { numerator, denominator } = minus(a, b);
  const distance = numerator < 0n ? -numerator : numerator;
  return distance * 2n ** 31n <= BigInt(bits) * denominator;
}

/** As a number from 0 to 1, good to 12 digits. */
export function shareNumber({ numerator, denominator }: Share): number {
  return Number((numerator * 10n ** 15n) / denominator) / 1e15;
}

/** `33.3%`, `100%`. Rounding never turns a part into `0%` or `100%`. */
export function printPercent(value: Share): string {
  // shareNumber cuts off after 15 digits, and what is left of a tiny share is not nothing.
  return printPart(isNothing(value) ? 0 : Math.max(shareNumber(value), Number.MIN_VALUE));
}

/** The same of a number from 0 to 1. */
export function printPart(part: number): string {
  const percent = part * 100;
  if (percent > 0 && percent < 0.05) return "< 0.1%";
  if (percent < 100 && percent >= 99.95) return "> 99.9%";
  return `${Number(percent.toFixed(1))}%`;
}

/** `715827883/2147483648`, `1`. */
export function printFraction(value: Share): string {
  const { numerator, denominator } = reduced(value);
  return denominator === 1n ? String(numerator) : `${numerator}/${denominator}`;
}

/** Reads what printFraction prints. */
export function parseFraction(text: string): Share {
  const [numerator = "0", denominator = "1"] = text.split("/");
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a < 0n ? -a : a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x === 0n ? 1n : x;
}
