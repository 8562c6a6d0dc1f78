/** How likely it is that of `count` throws at most, and at least, `hits` fall where `chance` says. */
export function tails(count: number, hits: number, chance: number): { readonly below: number; readonly above: number } {
  let [below, above] = [0, 0];
  for (let k = 0; k <= count; k += 1) {
    const likely = Math.exp(logChoose(count, k) + times(k, Math.log(chance)) + times(count - k, Math.log1p(-chance)));
    if (k <= hits) below += likely;
    if (k >= hits) above += likely;
  }
  return { below, above };
}

/** Nothing times minus infinity is nothing. */
function times(count: number, log: number): number {
  return count === 0 ? 0 : count * log;
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let at = 1; at <= k; at += 1) sum += Math.log((n - k + at) / at);
  return sum;
}
