import { describe, expect, test } from "vitest";
import { balance } from "../../../src/datapath/balance.ts";
import type { Flow } from "../../../src/datapath/flow.ts";
import { everything } from "../../../src/datapath/share.ts";
import { printOutcomes, type TracedPacket, tracedHost, tracePacket } from "../../harness/trace.ts";

const FROM_POD: TracedPacket = {
  entry: "pod",
  source: "10.0.1.9",
  destination: "10.96.0.1",
  port: 80,
  protocol: "tcp",
};
const FROM_NODE: TracedPacket = { ...FROM_POD, entry: "node", source: "192.0.2.10" };
const WEB = ["-A -t 10.96.0.1:80 -s rr", "-a -t 10.96.0.1:80 -r 10.0.1.5:8080 -m -w 1"];

interface Host {
  readonly filter?: readonly string[];
  readonly nat?: readonly string[];
  readonly sets?: readonly string[];
  readonly servers?: readonly string[];
}

function trace({ filter = [], nat = [], sets = [], servers = [] }: Host, packet: TracedPacket): string {
  const text = ["*filter", ...filter, "COMMIT", "*nat", ...nat, "COMMIT", ""].join("\n");
  const host = tracedHost({
    rules: { ipv4: text, ipv6: "" },
    sets: sets.join("\n"),
    servers: servers.join("\n"),
    serviceAddresses: ["10.96.0.1"],
    nodeAddresses: ["192.0.2.10"],
  });
  return printOutcomes(tracePacket(host, packet));
}

describe("virtual servers", () => {
  test("take what is for them, and nothing else", () => {
    expect(trace({ servers: WEB }, FROM_POD)).toBe("10.0.1.5:8080 source kept (100%)");
    expect(trace({ servers: WEB }, FROM_NODE)).toBe("10.0.1.5:8080 source kept (100%)");
    expect(trace({ servers: WEB }, { ...FROM_POD, port: 81 })).toBe("untouched (100%)");
    expect(trace({ servers: WEB }, { ...FROM_POD, protocol: "udp" })).toBe("untouched (100%)");
  });

  test("what the node does not own passes by, unless the node itself sends it", () => {
    const servers = WEB.map((line) => line.replaceAll("10.96.0.1", "10.96.0.2"));
    expect(trace({ servers }, { ...FROM_POD, destination: "10.96.0.2" })).toBe("untouched (100%)");
    expect(trace({ servers }, { ...FROM_NODE, destination: "10.96.0.2" })).toBe("10.0.1.5:8080 source kept (100%)");
  });

  test("without real servers, or with none that has a weight, they refuse", () => {
    expect(trace({ servers: WEB.slice(0, 1) }, FROM_POD)).toBe("reject (100%)");
    expect(trace({ servers: WEB.map((line) => line.replace("-w 1", "-w 0")) }, FROM_NODE)).toBe("reject (100%)");
  });

  test.each([
    ["rr", "10.0.1.5:8080 source kept (50%) | 10.0.1.6:8080 source kept (50%)"],
    ["wrr", "10.0.1.5:8080 source kept (25%) | 10.0.1.6:8080 source kept (75%)"],
  ])("%s spreads by weight, or not", (scheduler, expected) => {
    const [server = "", real = ""] = WEB;
    const servers = [
      server.replace("rr", scheduler),
      real,
      real.replace("10.0.1.5", "10.0.1.6").replace("-w 1", "-w 3"),
    ];
    expect(trace({ servers }, FROM_POD)).toBe(expected);
  });
});

describe("a host whose virtual servers no text lists", () => {
  const host = tracedHost({ rules: { ipv4: "", ipv6: "" }, nodeAddresses: ["192.0.2.10"] });
  const verdictOf = (packet: TracedPacket, hasUnlistedServers = true) => {
    const balanced = { ...host, world: { ...host.world, hasUnlistedServers } };
    const flow = { packet, destination: packet.destination, port: packet.port } as unknown as Flow;
    const [exit] = balance(flow, balanced);
    if (exit?.how === "unknown") expect(exit.because).toBe("the virtual servers of this node are missing");
    return exit?.how;
  };

  test.each([
    ["10.96.0.1", 80, "unknown"],
    ["192.0.2.10", 80, "accepted"],
    ["192.0.2.10", 29_999, "accepted"],
    ["192.0.2.10", 30_000, "unknown"],
    ["192.0.2.10", 32_767, "unknown"],
    ["192.0.2.10", 32_768, "accepted"],
  ])("%s, port %i: %s", (destination, port, how) => {
    expect(verdictOf({ ...FROM_POD, destination, port })).toBe(how);
    expect(verdictOf({ ...FROM_POD, destination, port }, false)).toBe("accepted");
    expect(verdictOf({ ...FROM_POD, destination, port, protocol: "icmp" })).toBe("accepted");
  });
});

describe("the scheduler of a virtual server", () => {
  test.each([
    ["rr", "by weight"],
    ["wrr", "by weight"],
    ["sh", "by source"],
    ["dh", "by source"],
    ["mh", "by source"],
    ["lc", "dynamic"],
    ["wlc", "dynamic"],
    ["sed", "dynamic"],
  ])("%s chooses %s", (scheduler, scheduling) => {
    const servers = WEB.join("\n").replace("-s rr", `-s ${scheduler}`);
    const host = tracedHost({ rules: { ipv4: "", ipv6: "" }, servers, nodeAddresses: [] });
    const flow = { packet: FROM_POD, destination: "10.96.0.1", port: 80, share: everything } as unknown as Flow;
    expect(balance(flow, host).map((exit) => exit.flow.scheduling)).toEqual([scheduling]);
  });

  test.each([
    ["remembers a client", " -p 60", "10.0.1.6:8080", ["10.0.1.6"]],
    ["remembers a client of an endpoint that is gone", " -p 60", "10.0.1.7:8080", ["10.0.1.5", "10.0.1.6"]],
    ["remembers none", "", "10.0.1.6:8080", ["10.0.1.5", "10.0.1.6"]],
  ])("%s", (_, persistence, target, chosen) => {
    const [server = "", real = ""] = WEB;
    const servers = [server + persistence, real, real.replace("10.0.1.5", "10.0.1.6")].join("\n");
    const host = tracedHost({ rules: { ipv4: "", ipv6: "" }, servers, nodeAddresses: [] });
    const packet = { ...FROM_POD, remembered: { target } };
    const flow = { packet, destination: "10.96.0.1", port: 80, share: everything } as unknown as Flow;
    expect(balance(flow, host).map((exit) => exit.flow.destination)).toEqual(chosen);
  });
});

describe("where IPVS stands among the hooks", () => {
  test("after filter INPUT, and instead of FORWARD", () => {
    expect(trace({ servers: WEB, filter: ["-A INPUT -p tcp -m tcp --dport 80 -j DROP"] }, FROM_POD)).toBe(
      "drop (100%)",
    );
    expect(trace({ servers: WEB, filter: ["-A FORWARD -j DROP"] }, FROM_POD)).toBe("10.0.1.5:8080 source kept (100%)");
  });

  test("before filter OUTPUT, which sees what IPVS sends on, wherever it came from", () => {
    const dropped = ["-A OUTPUT -d 10.0.1.5/32 -p tcp -m ipvs --vproto 6 --vaddr 10.96.0.1 --vport 80 -j DROP"];
    const another = ["-A OUTPUT -m ipvs --vproto 6 --vaddr 10.96.0.1 --vport 81 -j DROP"];
    for (const packet of [FROM_POD, FROM_NODE]) {
      expect(trace({ servers: WEB, filter: dropped }, packet)).toBe("drop (100%)");
      expect(trace({ servers: WEB, filter: another }, packet)).toBe("10.0.1.5:8080 source kept (100%)");
      expect(trace({ filter: ["-A OUTPUT -m ipvs --vproto 6 --vaddr 10.96.0.1 --vport 80 -j DROP"] }, packet)).toBe(
        "untouched (100%)",
      );
    }
  });

  test("before nat POSTROUTING, which sees the mark and the endpoint", () => {
    const nat = [
      "-A PREROUTING -s 10.0.1.8/32 -j MARK --set-xmark 0x4000/0x4000",
      "-A POSTROUTING -m set --match-set LOOP dst,dst,src -j MASQUERADE",
      "-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE",
    ];
    const host = {
      nat,
      servers: WEB,
      sets: ["create LOOP hash:ip,port,ip family inet", "add LOOP 10.0.1.5,tcp:8080,10.0.1.5"],
    };
    expect(trace(host, FROM_POD)).toBe("10.0.1.5:8080 source kept (100%)");
    expect(trace(host, { ...FROM_POD, source: "10.0.1.8" })).toBe("10.0.1.5:8080 masqueraded (100%)");
    expect(trace(host, { ...FROM_POD, source: "10.0.1.5" })).toBe("10.0.1.5:8080 masqueraded (100%)");
  });

  test("service addresses are the node's own: local, and a node's packet to one comes back by INPUT", () => {
    expect(trace({ nat: ["-A PREROUTING -m addrtype ! --dst-type LOCAL -j DROP"] }, FROM_POD)).toBe("untouched (100%)");
    expect(trace({ filter: ["-A INPUT -j REJECT --reject-with icmp-port-unreachable"] }, FROM_NODE)).toBe(
      "reject (100%)",
    );
  });
});

describe("sets", () => {
  const ask = (set: readonly string[], match: string, packet: TracedPacket) =>
    trace({ sets: set, nat: [`-A PREROUTING ${match} -j DROP`] }, packet) === "drop (100%)";
  const address = ["create A hash:ip,port family inet", "add A 10.96.0.1,tcp:80"];
  const range = ["create A hash:ip,port,net family inet", "add A 10.96.0.1,tcp:80,10.0.0.0/16"];
  const ports = ["create A bitmap:port range 0-65535", "add A 80"];

  test.each([
    ["address and port", address, "dst,dst", FROM_POD, true],
    ["another port", address, "dst,dst", { ...FROM_POD, port: 81 }, false],
    ["another protocol", address, "dst,dst", { ...FROM_POD, protocol: "udp" }, false],
    ["the source's address", address, "src,dst", { ...FROM_POD, source: "10.96.0.1" }, true],
    ["a source in a range", range, "dst,dst,src", FROM_POD, true],
    ["a source out of it", range, "dst,dst,src", { ...FROM_POD, source: "10.1.0.1" }, false],
    ["a port", ports, "dst", FROM_POD, true],
    ["a port of any protocol", ports, "dst", { ...FROM_POD, protocol: "udp" }, true],
    ["a port, but SCTP", ports, "dst", { ...FROM_POD, protocol: "sctp" }, false],
  ] as const)("hold %s, or not", (_what, set, sides, packet, held) => {
    expect(ask(set, `-m set --match-set A ${sides}`, packet)).toBe(held);
    expect(ask(set, `-m set ! --match-set A ${sides}`, packet)).toBe(!held);
  });

  test.each([
    ["a set that is not there", [], "A dst", /nobody can tell: -m set --match-set A/],
    ["sides that do not fit", address, "A dst", /nobody can tell: -m set --match-set A/],
    ["a source port", address, "A dst,src", /nobody can tell: -m set --match-set A/],
    [
      "another type",
      ["create A hash:mac", "add A 00:00:00:00:00:01"],
      "A src",
      /nobody can tell: -m set --match-set A/,
    ],
  ])("throw at %s", (_what, sets, match, message) => {
    expect(() => ask(sets, `-m set --match-set ${match}`, FROM_POD)).toThrow(message);
  });
});
