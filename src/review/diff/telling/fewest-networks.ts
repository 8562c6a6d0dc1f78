import { type AddressSet, type Interval, printCidrs, unite } from "../../../evaluate/address-set.ts";

/**
 * The fewest CIDRs that hold all addresses of a set, and besides them at most such as are `free`: addresses of which
 * nothing is said, such as a node's own among those outside. Each is as small as it can be.
 */
export function fewestNetworks(wanted: AddressSet, free: AddressSet): readonly string[] {
  const { bits } = wanted;
  const allowed = unite([wanted, free], bits).intervals;
  const networks: string[] = [];
  let covered = -1n;
  for (const { from, to } of wanted.intervals) {
    for (let at = from > covered ? from : covered + 1n; at <= to; at = covered + 1n) {
      const room = allowed.find((interval) => interval.from <= at && at <= interval.to) as Interval;
      const network = narrowed(largestBlock(at, room, bits), wanted.intervals, bits);
      networks.push(...printCidrs({ bits, intervals: [network] }));
      covered = network.to;
    }
  }
  return networks;
}

/** Of the blocks of a power of two around an address, the largest that lies in an interval. */
function largestBlock(address: bigint, { from, to }: Interval, bits: number): Interval {
  let block = { from: address, to: address };
  for (let length = 1; length <= bits; length += 1) {
    const next = blockOf(address, length);
    if (next.from < from || next.to > to) break;
    block = next;
  }
  return block;
}

/** The smallest block around what a block holds of some intervals. */
function narrowed(block: Interval, intervals: readonly Interval[], bits: number): Interval {
  const inside = intervals.filter(({ from, to }) => from <= block.to && block.from <= to);
  const [first, last] = [inside[0], inside.at(-1)];
  const from = first !== undefined && first.from > block.from ? first.from : block.from;
  const to = last !== undefined && last.to < block.to ? last.to : block.to;
  let length = 0;
  while (length < bits && blockOf(from, length).to < to) length += 1;
  return blockOf(from, length);
}

/** The block of 2^length addresses that an address lies in. */
function blockOf(address: bigint, length: number): Interval {
  const from = (address >> BigInt(length)) << BigInt(length);
  return { from, to: from + (1n << BigInt(length)) - 1n };
}
