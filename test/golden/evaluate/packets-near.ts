import { isIpv6, parseTarget } from "../../../src/datapath/address-set.ts";
import type { NaivePacket } from "../../harness/naive/journey.ts";
import type { HostText } from "../../harness/trace.ts";
import type { Mutation } from "./mutations.ts";

/** Names of `-m recent` lists. */
export function listsIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/ --name (\S+)/g)].map(([, name]) => name ?? ""))];
}

/** Packets that meet what the mutation touched, and others: addresses and ports of its lines with those of the text. */
export function packetsNear({ lines, text }: Omit<Mutation, "kind">): readonly NaivePacket[] {
  const near = lines.join(" ");
  const far = [text.rules.ipv4, text.rules.ipv6, text.tables, text.sets, text.servers].join(" ");
  const packets: NaivePacket[] = [];
  const lists = listsIn(near);
  for (const six of [false, true]) {
    const all = addressesIn(far, six);
    if (all.length === 0) continue;
    const close = addressesIn(near, six);
    const strangers = six ? ["2001:db8:ffff::7", "::1"] : ["198.51.100.7", "127.0.0.1", "10.0.1.9", "10.244.1.9"];
    const own = text.nodeAddresses.filter((address) => isIpv6(address) === six);
    const sources = [...new Set([...close.slice(0, 6), ...strangers, ...own, ...spread(all, 4)])];
    const destinations = [...new Set([...close.slice(0, 6), ...own, ...strangers.slice(0, 2), ...spread(all, 8)])];
    const ports = [...new Set([...portsIn(near).slice(0, 4), ...spread(portsIn(far), 5), 9])];
    for (const source of sources) {
      for (const destination of destinations) {
        const entry = entryOf(source, destination, text);
        if (entry === undefined) continue;
        for (const port of ports) {
          const number = packets.length;
          const protocol = number % 5 === 4 ? "udp" : "tcp";
          const list = lists[number % (lists.length + 1)];
          const known = new Set(list === undefined ? [] : [list]);
          packets.push({ entry, source, destination, port, protocol, lists: known });
        }
      }
    }
  }
  return packets;
}

/** By its source a packet comes in; undefined for those that come in nowhere: nobody else has the node's addresses. */
function entryOf(source: string, destination: string, text: HostText): NaivePacket["entry"] | undefined {
  const isLoopback = (address: string) => address.startsWith("127.") || address === "::1";
  if (isLoopback(source) || isLoopback(destination)) return source === destination ? "node" : undefined;
  if (text.nodeAddresses.includes(source)) return "node";
  if (text.serviceAddresses?.includes(source) || source === destination) return undefined;
  return /^10\.(?:0|244)\.1\./.test(source) ? "pod" : "outside";
}

function spread<T>(list: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, Math.floor(list.length / count));
  return list.filter((_, at) => at % step === 0).slice(0, count);
}

function addressesIn(text: string, six: boolean): readonly string[] {
  const pattern = six ? /\b[0-9a-f]{1,4}:[0-9a-f:]*:[0-9a-f]*/g : /\b\d+\.\d+\.\d+\.\d+/g;
  const found = [...text.matchAll(pattern)]
    .map(([address]) => address)
    .filter((each) => parseTarget(six ? `[${each}]:1` : `${each}:1`));
  return [...new Set(found)];
}

function portsIn(text: string): readonly number[] {
  const found = [...text.matchAll(/(?:dport |:|,tcp:|,udp:| \. )(\d{2,5})(?=[\s,]|$)/g)].map(([, port]) =>
    Number(port),
  );
  return [...new Set(found)].filter((port) => port < 65_536);
}
