import type { Digest } from "./map-address.ts";

/** Values of fields that are neither names nor addresses: `ClusterIP`, `TCP`, `30s`, `1.35`, `0-65535`, `rr`. */
const value =
  /^(?:[A-Z][A-Za-z0-9]{0,30}|true|false|\d+(?:[.-]\d+)?|(?:\d+(?:\.\d+)?(?:h|m|s|ms|us|µs|ns))+|iptables|ipvs|nftables|w?rr|w?lc|lblcr?|[sd]h|sed|nq|mh|fo|ovf)$/;

/** Whether a text says as little as a number: a value of an enumeration, a duration, a version. */
export function isPlainValue(text: string): boolean {
  return value.test(text);
}

/**
 * Makes a function that replaces free text letter by letter: what is a fault in a name, such as a capital, a blank or its
 * length, is one still. The same text gets the same letters.
 */
export function createScrambler(digest: Digest): (text: string) => string {
  return (text) => {
    const digits = digest(`text ${text}`);
    const number = (index: number): number => Number.parseInt(digits[index % digits.length] ?? "0", 16);
    let index = 0;
    return text.replace(/[\p{L}\p{N}]/gu, (char) => replacement(char, number(index++)));
  };
}

const lower = "abcdefghijklmnop";

function replacement(char: string, number: number): string {
  if (/[0-9]/.test(char)) return String(number % 10);
  if (/[a-z]/.test(char)) return lower[number] ?? "a";
  return /[A-Z]/.test(char) ? (lower[number] ?? "a").toUpperCase() : "é";
}
