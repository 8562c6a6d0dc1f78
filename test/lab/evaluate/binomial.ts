/** No test of some thousand goes wrong by chance. */
const impossible = 1e-10;

/** What is seen that cannot be, or so often or so seldom that it is not to be believed. */
export function unlikely(seen: readonly string[], expected: ReadonlyMap<string, number>): string | undefined {
  const counts = new Map<string, number>();
  for (const answer of seen) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  const print = (map: ReadonlyMap<string, number>) => JSON.stringify([...map]);
  const strange = [...counts.keys()].some((answer) => !expected.has(answer));
  const rare = [...expected].some(([answer, share]) => {
    const { below, above } = tails(seen.length, counts.get(answer) ?? 0, share);
    return Math.min(below, above) < impossible;
  });
  return strange || rare ? `expected ${print(expected)}, saw ${print(counts)}` : undefined;
}

/** How likely it is that of `count` throws at most, and at least, `hits` fall where `chance` says. */
function tails(count: number, hits: number, chance: number): { readonly below: number; readonly above: number } {
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
