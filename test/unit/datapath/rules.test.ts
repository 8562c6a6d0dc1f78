import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { corpusFolder } from "../../../scripts/conformance/corpus.mjs";
import {
  type AddressSet,
  isIpv6,
  parseAddressSet,
  parseTarget,
  printTarget,
} from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { Packet } from "../../../src/datapath/packet.ts";
import type { Route } from "../../../src/ir/datapath.ts";
import { printOutcomes, type TracedPacket, tracedHost, tracePacket } from "../../harness/trace.ts";

const NODE_ADDRESSES = ["192.0.2.10", "fd00::10"];
const FROM_POD: TracedPacket = {
  entry: "pod",
  source: "10.0.1.9",
  destination: "10.96.0.1",
  port: 80,
  protocol: "tcp",
};
const TO_NODE: TracedPacket = { ...FROM_POD, entry: "outside", source: "198.51.100.7", destination: "192.0.2.10" };

function trace(rules: Readonly<Record<string, readonly string[]>>, packet: TracedPacket): string {
  const text = Object.entries(rules).map(([table, lines]) => {
    const own = new Set(
      lines.flatMap((line) => line.split(" ")[1] ?? []).filter((chain) => !/^[A-Z]{5,}$/.test(chain)),
    );
    return [`*${table}`, ...[...own].map((chain) => `:${chain} - [0:0]`), ...lines, "COMMIT", ""].join("\n");
  });
  const host = tracedHost({ rules: { ipv4: text.join(""), ipv6: text.join("") }, nodeAddresses: NODE_ADDRESSES });
  return printOutcomes(tracePacket(host, packet));
}

describe("tracePacket", () => {
  test("without rules nothing happens to a packet", () => {
    expect(trace({}, FROM_POD)).toBe("untouched (100%)");
  });

  test("three equal endpoints by falling probabilities", () => {
    const nat = [
      "-A PREROUTING -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j S1",
      "-A S1 -m statistic --mode random --probability 0.33333333349 -j E1",
      "-A S1 -m statistic --mode random --probability 0.50000000000 -j E2",
      "-A S1 -j E3",
      ...[1, 2, 3].map((n) => `-A E${n} -p tcp -m tcp -j DNAT --to-destination 10.0.1.${n}:8080`),
    ];
    expect(trace({ nat }, FROM_POD)).toBe(
      "10.0.1.1:8080 source kept (33.3333%) | 10.0.1.2:8080 source kept (33.3333%) | 10.0.1.3:8080 source kept (33.3333%)",
    );
    expect(trace({ nat }, { ...FROM_POD, port: 81 })).toBe("untouched (100%)");
    expect(trace({ nat }, { ...FROM_POD, protocol: "udp" })).toBe("untouched (100%)");
  });

  test("a probability left on the last endpoint leaks, and the leak shows", () => {
    const nat = [
      "-A PREROUTING -j S1",
      "-A S1 -m statistic --mode random --probability 0.50000000000 -j E1",
      "-A E1 -p tcp -m tcp -j DNAT --to-destination 10.0.1.1:8080",
    ];
    expect(trace({ nat }, FROM_POD)).toBe("10.0.1.1:8080 source kept (50%) | untouched (50%)");
  });

  test("RETURN leaves only the chain it stands in", () => {
    const nat = [
      "-A PREROUTING -j S1",
      "-A PREROUTING -p tcp -m tcp -j DNAT --to-destination 10.0.1.2:80",
      "-A S1 -s 10.0.1.9/32 -j RETURN",
      "-A S1 -p tcp -m tcp -j DNAT --to-destination 10.0.1.1:80",
    ];
    expect(trace({ nat }, FROM_POD)).toBe("10.0.1.2:80 source kept (100%)");
    expect(trace({ nat }, { ...FROM_POD, source: "10.0.1.8" })).toBe("10.0.1.1:80 source kept (100%)");
  });

  test("a marked packet is masqueraded: the hairpin, and only it", () => {
    const nat = [
      "-A PREROUTING -j E1",
      "-A E1 -s 10.0.1.9/32 -j M1",
      "-A E1 -p tcp -m tcp -j DNAT --to-destination 10.0.1.9:80",
      "-A M1 -j MARK --set-xmark 0x4000/0x4000",
      "-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN",
      "-A POSTROUTING -j MARK --set-xmark 0x4000/0x0",
      "-A POSTROUTING -j MASQUERADE --random-fully",
    ];
    expect(trace({ nat }, FROM_POD)).toBe("10.0.1.9:80 masqueraded (100%)");
    expect(trace({ nat }, { ...FROM_POD, source: "10.0.1.8" })).toBe("10.0.1.9:80 source kept (100%)");
  });

  test("where the translated address leads decides between INPUT and FORWARD", () => {
    const nat = ["-A PREROUTING -m addrtype --dst-type LOCAL -j DNAT --to-destination 10.0.1.1:80"];
    const filter = [
      "-A INPUT -j DROP",
      "-A FORWARD -p tcp -m tcp --dport 81 -j REJECT --reject-with icmp-port-unreachable",
    ];
    expect(trace({ filter }, TO_NODE)).toBe("drop (100%)");
    expect(trace({ nat, filter }, TO_NODE)).toBe("10.0.1.1:80 source kept (100%)");
    expect(trace({ filter }, { ...FROM_POD, port: 81 })).toBe("reject (100%)");
  });

  test("a node's packet to itself passes OUTPUT and then INPUT, with DNAT as its state", () => {
    const packet: TracedPacket = { ...TO_NODE, entry: "node", source: "192.0.2.10" };
    expect(trace({ filter: ["-A INPUT -j DROP"] }, packet)).toBe("drop (100%)");
    const nat = ["-A OUTPUT -j DNAT --to-destination 192.0.2.10:81"];
    const filter = ["-A INPUT -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP"];
    expect(trace({ nat, filter }, packet)).toBe("192.0.2.10:81 source kept (100%)");
    expect(trace({ filter }, packet)).toBe("drop (100%)");
  });

  test("a node's packet to itself comes back in, through raw and mangle once more, and not through nat", () => {
    const packet: TracedPacket = { ...TO_NODE, entry: "node", source: "192.0.2.10" };
    expect(trace({ raw: ["-A PREROUTING ! -i lo -j DROP"] }, packet)).toBe("untouched (100%)");
    expect(trace({ raw: ["-A PREROUTING -i lo -j DROP"] }, packet)).toBe("drop (100%)");
    expect(trace({ mangle: ["-A PREROUTING -p tcp -j DROP"] }, packet)).toBe("drop (100%)");
    expect(trace({ nat: ["-A PREROUTING -p tcp -j DNAT --to-destination 10.0.1.1:80"] }, packet)).toBe(
      "untouched (100%)",
    );
    const notTracked = ["-A PREROUTING -j CT --notrack"];
    const filter = ["-A INPUT -m conntrack --ctstate UNTRACKED -j DROP"];
    expect(trace({ raw: notTracked, filter }, packet)).toBe("untouched (100%)");
    expect(trace({ raw: notTracked, filter }, TO_NODE)).toBe("drop (100%)");
    expect(trace({ nat: ["-A OUTPUT -j LOCALS", "-A LOCALS -i lo -j DROP"] }, packet)).toBe("untouched (100%)");
  });

  test("no connection was here before: rcheck finds nothing", () => {
    const nat = [
      "-A PREROUTING -m recent --rcheck --seconds 60 --reap --name E1 --mask 255.255.255.255 --rsource -j E1",
      "-A PREROUTING -j E2",
      "-A E1 -j DNAT --to-destination 10.0.1.1:80",
      "-A E2 -p tcp -m recent --set --name E2 --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.0.1.2:80",
    ];
    expect(trace({ nat }, FROM_POD)).toBe("10.0.1.2:80 source kept (100%)");
  });

  test("IPv6, in any spelling", () => {
    const nat = ["-A PREROUTING -d fd00:96::1/128 ! -s fd00:1::/64 -j DNAT --to-destination [fd00:1::5]:80"];
    const packet: TracedPacket = { ...FROM_POD, source: "2001:db8::7", destination: "fd00:96:0:0::1" };
    expect(trace({ nat }, packet)).toBe("[fd00:1::5]:80 source kept (100%)");
    expect(trace({ nat }, { ...packet, source: "fd00:1:0::7" })).toBe("untouched (100%)");
  });

  test.each([
    ["a loop", ["-A PREROUTING -j A1", "-A A1 -j A2", "-A A2 -j A1"], /nobody can tell: the loop/],
    ["a chain that is not there", ["-A PREROUTING -j NOWHERE"], /nobody can tell: -j NOWHERE/],
    ["an unknown match", ["-A PREROUTING -m bpf --bytecode x -j ACCEPT"], /nobody can tell: -m bpf/],
    ["an unknown target", ["-A PREROUTING -j NFQUEUE --queue-num 1"], /nobody can tell: -j NFQUEUE/],
    ["an interface the packet does not name", ["-A PREROUTING ! -i cni0 -j ACCEPT"], /nobody can tell: -i cni0/],
  ])("throws at %s", (_what, nat, message) => {
    expect(() => trace({ nat }, FROM_POD)).toThrow(message);
  });
});

interface RecordedFlow {
  readonly name: string;
  readonly from: string;
  readonly proto: TracedPacket["protocol"];
  readonly to: string;
  readonly expect: { readonly verdict: string; readonly destinations: readonly string[]; readonly masquerade: boolean };
}

describe("what single rules hang on", () => {
  test.each([
    ["0x80000000/0x80000000", "0x80000000/0x80000000", "reject"],
    ["0x80000000/0x80000000", "0x0/0x80000000", "untouched"],
    ["0xffffffff/0xffffffff", "0xffffffff", "reject"],
    ["0x4000/0x4000", "0x80000000/0x80000000", "untouched"],
  ])("mark %s, asked for %s: %s", (set, asked, verdict) => {
    const mangle = [`-A PREROUTING -j MARK --set-xmark ${set}`];
    const filter = [`-A FORWARD -m mark --mark ${asked} -j REJECT --reject-with icmp-port-unreachable`];
    expect(trace({ mangle, filter }, FROM_POD)).toBe(`${verdict} (100%)`);
  });

  test.each([
    ["NEW", "delivered"],
    ["ESTABLISHED", "untouched"],
    ["RELATED", "untouched"],
    ["INVALID", "untouched"],
  ] as const)("nat sees the first packet of a connection, not one that is %s", (state, verdict) => {
    const nat = "*nat\n-A PREROUTING -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.1.1:8080\nCOMMIT\n";
    const host = tracedHost({ rules: { ipv4: nat, ipv6: "" }, nodeAddresses: NODE_ADDRESSES });
    const sources = parseAddressSet(FROM_POD.source) as AddressSet;
    expect(evaluatePacket(host, { ...FROM_POD, sources, state }).map((each) => each.verdict.kind)).toEqual([verdict]);
  });

  test.each([
    ["node", false, "delivered"],
    ["outside", false, "dropped"],
    ["pod", false, "dropped"],
    ["outside", true, "delivered"],
  ] as const)("to a loopback address, from %s, with route_localnet %s: %s", (entry, routeLocalnet, verdict) => {
    const to = "-p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8080";
    const nat = `*nat\n-A PREROUTING ${to}\n-A OUTPUT ${to}\nCOMMIT\n`;
    const traced = tracedHost({ rules: { ipv4: nat, ipv6: "" }, nodeAddresses: NODE_ADDRESSES });
    const host = { ...traced, world: { ...traced.world, routeLocalnet } };
    const sources = parseAddressSet(entry === "node" ? "192.0.2.10" : FROM_POD.source) as AddressSet;
    expect(evaluatePacket(host, { ...FROM_POD, entry, sources }).map((each) => each.verdict.kind)).toEqual([verdict]);
  });
});

describe("ICMP", () => {
  const PING: TracedPacket = { ...TO_NODE, protocol: "icmp", port: 0 };
  const PING6: TracedPacket = { ...PING, source: "2001:db8::7", destination: "fd00::10" };

  test.each([
    ["-p icmp", "drop"],
    ["-p 1", "drop"],
    ["-p all", "drop"],
    ["! -p tcp", "drop"],
    ["-p icmp -m icmp", "drop"],
    ["-p icmp -m icmp --icmp-type 8", "drop"],
    ["-p icmp -m icmp --icmp-type 8/0", "drop"],
    ["-p icmp -m icmp --icmp-type any", "drop"],
    ["-p icmp -m icmp ! --icmp-type 8", "untouched"],
    ["-p icmp -m icmp --icmp-type 3/4", "untouched"],
    ["-p tcp", "untouched"],
    ["-p ipv6-icmp", "untouched"],
    ["-p tcp -m tcp --dport 0", "untouched"],
    ["-p tcp -m tcp ! --dport 80", "untouched"],
    ["-p udp -m multiport ! --dports 80", "untouched"],
    ["-p tcp -m tcp ! --tcp-flags SYN SYN", "untouched"],
  ])("an echo request and %s: %s", (match, verdict) => {
    expect(trace({ filter: [`-A INPUT ${match} -j DROP`] }, PING)).toBe(`${verdict} (100%)`);
  });

  test.each([
    ["-p ipv6-icmp", "drop"],
    ["-p icmpv6", "drop"],
    ["-p ipv6-icmp -m icmp6 --icmpv6-type 128", "drop"],
    ["-p ipv6-icmp -m icmp6 --icmpv6-type 135", "untouched"],
    ["-p icmp", "untouched"],
  ])("an echo request of IPv6 and %s: %s", (match, verdict) => {
    expect(trace({ filter: [`-A INPUT ${match} -j DROP`] }, PING6)).toBe(`${verdict} (100%)`);
  });

  test("TCP is not matched by what matches ICMP", () => {
    const filter = ["-A INPUT -p icmp -m icmp --icmp-type 8 -j DROP", "-A INPUT -p icmp -j DROP"];
    expect(trace({ filter }, TO_NODE)).toBe("untouched (100%)");
  });

  test.each([
    ["hash:ip,port", "192.0.2.10,icmp:8/0", "drop"],
    ["hash:ip,port", "192.0.2.10,icmp:echo-reply", "untouched"],
    ["hash:ip,port", "192.0.2.10,tcp:0", "untouched"],
    ["hash:ip", "192.0.2.10", "drop"],
  ])("in a set %s with %s: %s", (type, entry, verdict) => {
    const sides = type === "hash:ip" ? "dst" : "dst,dst";
    const filter = `*filter\n-A INPUT -m set --match-set S ${sides} -j DROP\nCOMMIT\n`;
    const sets = `create S ${type} family inet hashsize 1024 maxelem 65536\nadd S ${entry}\n`;
    const host = tracedHost({ rules: { ipv4: filter, ipv6: "" }, sets, nodeAddresses: NODE_ADDRESSES });
    expect(printOutcomes(tracePacket(host, PING))).toBe(`${verdict} (100%)`);
  });

  test("a virtual server takes no echo request", () => {
    const servers = "-A -t 192.0.2.10:80 -s rr\n";
    const host = tracedHost({ rules: { ipv4: "", ipv6: "" }, servers, nodeAddresses: NODE_ADDRESSES });
    expect(printOutcomes(tracePacket(host, PING))).toBe("untouched (100%)");
    expect(printOutcomes(tracePacket(host, TO_NODE))).toBe("reject (100%)");
  });
});

describe("the interface that a packet leaves by", () => {
  const routes: readonly Route[] = [
    { network: "0.0.0.0/0", device: "eth0", gateway: "192.0.2.1" },
    { network: "10.0.0.0/8", device: "tunl0" },
    { network: "10.0.1.0/24", device: "cni0" },
    { network: "10.0.9.0/24", device: undefined },
    { network: "::/0", device: "eth6" },
  ];
  const leavesBy = (name: string, packet: Partial<Packet>): readonly string[] => {
    const rules = `*filter\n-A FORWARD -o ${name} -j DROP\n-A OUTPUT -o ${name} -j DROP\nCOMMIT\n`;
    const traced = tracedHost({ rules: { ipv4: rules, ipv6: rules }, nodeAddresses: NODE_ADDRESSES });
    const host = { ...traced, world: { ...traced.world, routes } };
    const sources = parseAddressSet(packet.destination?.includes(":") ? "fd00::10" : FROM_POD.source) as AddressSet;
    const outcomes = evaluatePacket(host, { ...FROM_POD, sources, ...packet });
    return outcomes.map(({ verdict, assumptions }) => (assumptions.length > 0 ? "unknown" : verdict.kind));
  };

  test.each([
    ["cni0", { destination: "10.0.1.7" }, "dropped"],
    ["tunl0", { destination: "10.0.1.7" }, "untouched"],
    ["tunl+", { destination: "10.0.2.7" }, "dropped"],
    ["eth0", { destination: "203.0.113.9" }, "dropped"],
    ["eth0", { destination: "203.0.113.9", entry: "node" }, "dropped"],
    ["lo", { destination: "192.0.2.10", entry: "node" }, "dropped"],
    ["eth6", { destination: "2001:db8::9" }, "dropped"],
    ["eth0", { destination: "2001:db8::9" }, "untouched"],
    ["wg0", { destination: "10.0.1.7", outInterface: "wg0" }, "dropped"],
  ] as const)("-o %s, %j: %s", (name, packet, verdict) => {
    expect(leavesBy(name, packet)).toEqual([verdict]);
  });

  test("is unknown where a route has none", () => {
    expect(leavesBy("eth0", { destination: "10.0.9.7" })).toEqual(["unknown", "unknown"]);
  });
});

describe("flows seen with real packets", () => {
  const folder = join(corpusFolder, "flows");
  const nodeAddresses = [
    "192.168.0.2",
    "192.168.1.2",
    "192.168.99.11",
    "2001:db8::1",
    "2001:db8:1::2",
    "127.0.0.1",
    "::1",
  ];

  function ask(name: string, { from, proto, to }: RecordedFlow): RecordedFlow["expect"] {
    const target = parseTarget(to)!;
    const file = join(folder, name, "expected", isIpv6(from) ? "ip6tables.save" : "iptables.save");
    const text = readFileSync(file, "utf8");
    const entry = nodeAddresses.includes(from) ? "node" : "outside";
    const packet: TracedPacket = {
      entry,
      source: from,
      destination: target.address,
      port: target.port,
      protocol: proto,
    };
    const outcomes = tracePacket(tracedHost({ rules: { ipv4: text, ipv6: text }, nodeAddresses }), packet);
    const destinations = outcomes.flatMap(({ verdict }) =>
      verdict.kind === "delivered" ? [printTarget(verdict)] : [],
    );
    return {
      verdict: [...new Set(outcomes.map((outcome) => outcome.verdict.kind))].join("+"),
      destinations: destinations.sort(),
      masquerade: outcomes.some(({ verdict }) => verdict.kind === "delivered" && verdict.masqueraded),
    };
  }

  test("the tracer agrees with all of them", () => {
    for (const name of readdirSync(folder)) {
      const flows: readonly RecordedFlow[] = JSON.parse(readFileSync(join(folder, name, "flows.json"), "utf8"));
      for (const flow of flows) expect(ask(name, flow), `${name}: ${flow.name}`).toEqual(flow.expect);
    }
  });
});
