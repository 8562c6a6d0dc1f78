/** An exact share of the packets: numerator / denominator, in lowest terms. */
export interface Share {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

export const ALL: Share = { numerator: 1n, denominator: 1n };
export const NOTHING: Share = { numerator: 0n, denominator: 1n };

export function share(numerator: bigint | number, denominator: bigint | number): Share {
  const [top, bottom] = [BigInt(numerator), BigInt(denominator)];
  const divisor = gcd(top, bottom);
  return { numerator: top / divisor, denominator: bottom / divisor };
}

export function times(a: Share, b: Share): Share {
  return share(a.numerator * b.numerator, a.denominator * b.denominator);
}

export function plus(a: Share, b: Share): Share {
  return share(a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator);
}

export function minus(a: Share, b: Share): Share {
  return plus(a, { numerator: -b.numerator, denominator: b.denominator });
}

export function total(shares: readonly Share[]): Share {
  return shares.reduce(plus, NOTHING);
}

export function sameShare(a: Share, b: Share): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}

/** Whether two shares are at most `bits` of 2^-31 apart. */
export function nearShare(a: Share, b: Share, bits: number): boolean {
  const { numerator, denominator } = minus(a, b);
  const distance = numerator < 0n ? -numerator : numerator;
  return distance * 2n ** 31n <= BigInt(bits) * denominator;
}

export function printShare(value: Share): string {
  return `${Number((Number((value.numerator * 10n ** 12n) / value.denominator) / 1e10).toFixed(4))}%`;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b);
}
