/** The kernel compares 31 random bits with a threshold: this one always lets through. */
export const thresholdOne = 2 ** 31;

/** A share of threshold / 2^31 for people: `33.3 %`, and `50 %` without idle decimals. */
export function describeShare(threshold: number): string {
  return describePart(threshold / thresholdOne);
}

/** A part of one for people. What is there is never shown as nothing, nor what is missing as all. */
export function describePart(part: number): string {
  const percent = part * 100;
  if (percent > 0 && percent < 0.05) return "< 0.1 %";
  if (percent < 100 && percent >= 99.95) return "> 99.9 %";
  return `${percent.toFixed(1).replace(/\.0$/, "")} %`;
}
