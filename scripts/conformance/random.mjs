/** Repeatable choices: the same seed, the same sequence. (The generator is mulberry32.) */
export function createRandom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  const chance = (share) => next() < share;
  const pick = (list) => list[below(list.length)];
  const some = (list, share) => list.filter(() => chance(share));
  const shuffled = (list) => {
    const result = [...list];
    for (let last = result.length - 1; last > 0; last -= 1) {
      const other = below(last + 1);
      [result[last], result[other]] = [result[other], result[last]];
    }
    return result;
  };
  return { below, chance, pick, some, shuffled };
}
