const THRESHOLD_ONE = 2n ** 31n;
const DECIMALS = 10n ** 11n;

/** A decimal number of at most ten digits. */
export function parseNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

/** `0x4000/0x4000`, or `0x4000` alone for a mask of all bits. */
export function parseValueAndMask(text: string): { readonly value: number; readonly mask: number } | undefined {
  const [, value, mask] = /^(0x[0-9a-f]{1,8})(?:\/(0x[0-9a-f]{1,8}))?$/i.exec(text) ?? [];
  return value === undefined
    ? undefined
    : { value: Number(value), mask: mask === undefined ? 0xffffffff : Number(mask) };
}

export function printHex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** threshold / 2^31 as C's `%.11f` prints it: a tie goes to the even digit (at 1/4096), which `toFixed` does not do. */
export function printProbability(threshold: number): string {
  const scaled = BigInt(threshold) * DECIMALS;
  const whole = scaled / THRESHOLD_ONE;
  const twice = (scaled % THRESHOLD_ONE) * 2n;
  const up = twice > THRESHOLD_ONE || (twice === THRESHOLD_ONE && whole % 2n === 1n);
  const digits = (up ? whole + 1n : whole).toString().padStart(12, "0");
  return `${digits.slice(0, -11)}.${digits.slice(-11)}`;
}
