import {
  type AddressSet,
  addressNumber,
  complement,
  isEmpty,
  lastAddress,
  numberAddress,
  parseAddressSet,
  subtract,
  unite,
} from "../../datapath/address-set.ts";

export interface OtherDestination {
  readonly address: string;
  /** The smallest network that contains it; undefined where none does. */
  readonly network: string | undefined;
}

/**
 * One free address for each region of a family: the addresses in a network and in no smaller one, and those in no
 * network. A region without a free address is left out.
 */
export function chooseOtherDestinations(
  bits: 32 | 128,
  networks: readonly AddressSet[],
  isFree: (address: string) => boolean,
): readonly OtherDestination[] {
  const sorted = [...networks].filter((set) => set.bits === bits && !isEmpty(set)).sort(byStart);
  const chosen: OtherDestination[] = [];
  for (const [at, set] of sorted.entries()) {
    const smaller: AddressSet[] = [];
    for (let next = at + 1; startOf(sorted[next]) <= endOf(set); next += 1) smaller.push(sorted[next] as AddressSet);
    const address = lastFree(subtract(set, unite(smaller, bits)), isFree);
    if (address !== undefined) chosen.push({ address, network: printNetwork(set) });
  }
  const outside = complement(unite([...sorted, ...special(bits)], bits));
  const address = preferred(bits, sorted, isFree) ?? lastFree(outside, isFree);
  return address === undefined ? chosen : [{ address, network: undefined }, ...chosen];
}

/** Of networks with the same start the larger comes first, so that contained networks follow it. */
function byStart(a: AddressSet, b: AddressSet): number {
  if (startOf(a) !== startOf(b)) return startOf(a) < startOf(b) ? -1 : 1;
  return endOf(a) > endOf(b) ? -1 : 1;
}

function startOf(set: AddressSet | undefined): bigint {
  return set?.intervals[0]?.from ?? 1n << 128n;
}

function endOf({ intervals }: AddressSet): bigint {
  return intervals.at(-1)?.to ?? 0n;
}

/** An address that looks like that of a remote server. */
function preferred(
  bits: 32 | 128,
  networks: readonly AddressSet[],
  isFree: (address: string) => boolean,
): string | undefined {
  const address = bits === 32 ? "198.18.255.254" : "2001:db8:ffff::fffe";
  const value = addressNumber(address);
  const isInside = networks.some((set) => startOf(set) <= value && value <= endOf(set));
  return isInside || !isFree(address) ? undefined : address;
}

/** Ranges that ordinary packets are never sent to. */
function special(bits: 32 | 128): readonly AddressSet[] {
  const networks = bits === 32 ? ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"] : ["::/96", "fe80::/10", "ff00::/8"];
  return networks.map((network) => parseAddressSet(network) as AddressSet);
}

const mostTried = 100_000;

function lastFree(set: AddressSet, isFree: (address: string) => boolean): string | undefined {
  let tried = 0;
  for (const { from, to } of [...set.intervals].reverse()) {
    for (let value = to; value >= from && tried < mostTried; value -= 1n, tried += 1) {
      const address = numberAddress(value, set.bits);
      if (isFree(address)) return address;
    }
  }
  return undefined;
}

function printNetwork(set: AddressSet): string {
  const size = endOf(set) - startOf(set) + 1n;
  const length = set.bits - (size.toString(2).length - 1);
  return `${lastAddress({ ...set, intervals: [{ from: startOf(set), to: startOf(set) }] })}/${length}`;
}
