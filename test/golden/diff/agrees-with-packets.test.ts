import fc from "fast-check";
import { expect, test } from "vitest";
import { parseAddressSet } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../../src/datapath/host.ts";
import type { ConnectionState, Entry, Packet, Protocol } from "../../../src/datapath/packet.ts";
import { shareNumber } from "../../../src/datapath/share.ts";
import { diffSides } from "../../../src/diff/diff-sides.ts";
import type { Side } from "../../../src/diff/side.ts";
import type { TrafficChange } from "../../../src/diff/traffic-diff.ts";
import { readEvaluatedHost } from "../../../src/languages/evaluated-host.ts";
import { compiledSide } from "../../harness/text-side.ts";
import {
  addressesOf,
  configOf,
  nodeAddresses,
  objectsOf,
  podRanges,
  type StatePair,
  sources,
  statePairs,
} from "./random-states.ts";

type Mode = "iptables" | "ipvs" | "nftables";

function sideOf(name: "base" | "head", pair: StatePair, mode: Mode): Side {
  const side = compiledSide(name, objectsOf(pair[name]), {
    node: "node1",
    mode,
    families: ["ipv4", "ipv6"],
    proxyConfig: configOf(name === "base" ? pair.baseConfig : pair.headConfig, mode === "nftables" ? mode : "iptables"),
  });
  return { ...side, nodes: side.nodes.map((node) => ({ ...node, world: { nodeAddresses, podRanges } })) };
}

function hostOf({ nodes }: Side): EvaluatedHost {
  const [node] = nodes;
  return readEvaluatedHost(node!.texts, node!.world);
}

/** Where one packet ends, by share: written anew here, so that it shares no mistake with what it checks. */
function endsOf(host: EvaluatedHost, packet: Packet): Map<string, number> {
  const ends = new Map<string, number>();
  for (const { verdict, masqueraded, affinity, share } of evaluatePacket(host, packet)) {
    const target = verdict.kind === "delivered" ? `${verdict.target.address} ${verdict.target.port}` : "";
    const key = `${verdict.kind} ${target} ${masqueraded} ${affinity}`;
    ends.set(key, (ends.get(key) ?? 0) + shareNumber(share));
  }
  return ends;
}

function differ(base: EvaluatedHost, head: EvaluatedHost, packet: Packet): boolean {
  const [was, now] = [endsOf(base, packet), endsOf(head, packet)];
  return [...new Set([...was.keys(), ...now.keys()])].some(
    (key) => Math.abs((was.get(key) ?? 0) - (now.get(key) ?? 0)) > 1e-6,
  );
}

function packetOf(entry: Entry, source: string, destination: string, protocol: Protocol, port: number): Packet {
  return { entry, sources: parseAddressSet(source)!, destination, protocol, port, state: "NEW" };
}

/** The packet that a change shows. */
function examplePacketOf({ vip, examplePacket }: TrafficChange): Packet {
  const [, to = "", port] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(examplePacket.to) ?? [];
  const [, state = "NEW"] = /in conntrack state (\w+)/.exec(vip) ?? [];
  const packet = packetOf(
    examplePacket.entry,
    examplePacket.from,
    to,
    examplePacket.protocol as Protocol,
    Number(port),
  );
  return { ...packet, state: state as ConnectionState };
}

function packetsFor(pair: StatePair): readonly (Packet & { readonly source: string })[] {
  const destinations = new Set([
    ...nodeAddresses,
    "127.0.0.1",
    "::1",
    "198.51.100.200",
    "10.0.1.2",
    "10.0.2.1",
    "fd00:10:0:1::2",
  ]);
  const ports = new Set([80, 8080, 4711]);
  for (const shapes of [pair.base, pair.head]) {
    shapes.forEach((shape, at) => {
      if (shape === undefined) return;
      const { clusterIps, nodePort, healthPort, externalIps, balancerIps } = addressesOf(at, shape.shift);
      for (const address of [...Object.values(clusterIps), ...externalIps, ...balancerIps]) destinations.add(address);
      for (const port of [nodePort, healthPort]) ports.add(port);
    });
  }
  return [...destinations].flatMap((destination) => {
    const isIpv6 = destination.includes(":");
    const isLoopback = destination.startsWith("127.") || destination === "::1";
    const ofFamily = (list: readonly string[]) =>
      list.filter((each) => each.includes(":") === isIpv6 && each !== destination);
    const from: [Entry, string][] = isLoopback
      ? [["node", destination]]
      : [
          ...ofFamily(sources.pod).map((source): [Entry, string] => ["pod", source]),
          ...ofFamily(sources.outside).map((source): [Entry, string] => ["outside", source]),
          ...nodeAddresses
            .filter((each) => each.includes(":") === isIpv6)
            .map((source): [Entry, string] => ["node", source]),
        ];
    return from.flatMap(([entry, source]) =>
      [...ports].flatMap((port) =>
        (["tcp", "udp"] as const).map((protocol) => ({
          ...packetOf(entry, source, destination, protocol, port),
          source,
        })),
      ),
    );
  });
}

/** Whether a change speaks of a destination. */
function covers({ vip }: TrafficChange, { destination, port, protocol }: Packet): boolean {
  const name = protocol.toUpperCase();
  const target = destination.includes(":") ? `[${destination}]:${port}` : `${destination}:${port}`;
  const isOwn = [...nodeAddresses, "127.0.0.1", "::1"].includes(destination);
  return vip
    .split(/, (?!other )/)
    .some(
      (each) =>
        each === `${target}/${name}` ||
        (isOwn && each.startsWith(`nodePort ${port}/${name}`)) ||
        each === `${destination}, other ports` ||
        each === `${destination}, other ${name} ports` ||
        (each === `port ${port}/${name} of Service addresses` &&
          /^10\.96|^198\.18|^fd00:96|^2001:db8:[be]/.test(destination)) ||
        each.startsWith("everything else"),
    );
}

const runs = Number(process.env.DIFF_RUNS ?? 5);

test.each([
  ["iptables", "iptables"],
  ["ipvs", "ipvs"],
  ["iptables", "ipvs"],
  ["nftables", "nftables"],
  ["ipvs", "nftables"],
  ["iptables", "nftables"],
] as const)(
  "from %s to %s mode the changes are those that single packets meet",
  (mode, toMode) => {
    let different = 0;
    fc.assert(
      fc.property(statePairs(5), (pair) => {
        const [base, head] = [sideOf("base", pair, mode), sideOf("head", pair, toMode)];
        const [before, after] = [hostOf(base), hostOf(head)];
        const { changes } = diffSides(base, head);
        const told = changes.map(({ vip, headline }) => `${vip}: ${headline}`);
        for (const { source, ...packet } of packetsFor(pair)) {
          if (!differ(before, after, packet)) continue;
          different += 1;
          const { entry, destination, protocol, port } = packet;
          const text = `${entry} ${source} -> ${destination} ${protocol} ${port}`;
          if (!changes.some((change) => covers(change, packet)))
            expect({ packet: text, was: [...endsOf(before, packet)], now: [...endsOf(after, packet)], told }).toBe(
              "covered",
            );
        }
        for (const change of changes) {
          expect(change.headline, change.vip).not.toMatch(/^$|undefined|NaN| $/);
          if (change.examplePacket.fromClass.includes("with session affinity")) continue;
          if (!differ(before, after, examplePacketOf(change))) expect(change).toBe("differing");
        }
      }),
      { numRuns: runs, seed: Number(process.env.DIFF_SEED ?? 7) },
    );
    expect(different).toBeGreaterThan(runs);
  },
  600_000,
);
