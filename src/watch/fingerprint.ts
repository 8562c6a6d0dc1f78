/** 106 bits of a value's JSON, to tell whether it has changed without keeping it (murmur's mixing, twice 53 bits). */
export function fingerprint(value: unknown): string {
  const text = JSON.stringify(value);
  return `${mix(text, 0x9e37_79b9)}.${mix(text, 0x85eb_ca6b)}`;
}

function mix(text: string, seed: number): string {
  let high = 0xdead_beef ^ seed;
  let low = 0x41c6_ce57 ^ seed;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2_654_435_761);
    low = Math.imul(low ^ unit, 1_597_334_677);
  }
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909);
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909);
  return (4_294_967_296 * (2_097_151 & low) + (high >>> 0)).toString(36);
}
