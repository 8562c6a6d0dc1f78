/** Bytewise order, as Go compares strings. The texts compared here are ASCII, where UTF-16 order is the same. */
export function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
