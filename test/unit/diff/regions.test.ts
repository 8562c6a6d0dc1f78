import { describe, expect, test } from "vitest";
import { diffSides } from "../../../src/diff/diff-sides.ts";
import { type NodeText, nodeOf, sideOf } from "../../harness/text-side.ts";

function told(base: NodeText, head: NodeText): readonly string[] {
  const { changes } = diffSides(sideOf("a", [nodeOf("n", base)]), sideOf("b", [nodeOf("n", head)]));
  const isNew = (vip: string) => !vip.startsWith("packets in conntrack state");
  return changes
    .filter(({ vip }) => isNew(vip))
    .map(({ severity, vip, headline, examplePacket }) => `${severity} ${vip}: ${headline} [${examplePacket.to}]`);
}

const filter = (...rules: readonly string[]): string =>
  ["*filter", ":FORWARD ACCEPT [0:0]", ...rules, "COMMIT", ""].join("\n");

describe("destinations that no rule names", () => {
  test("a network whose end belongs to a smaller one", () => {
    const smaller = "-A FORWARD -d 10.255.0.0/16 -j ACCEPT";
    expect(told({ rules: filter(smaller) }, { rules: filter(smaller, "-A FORWARD -d 10.0.0.0/8 -j DROP") })).toEqual([
      "access-lost other addresses of 10.0.0.0/8: not handled -> dropped [10.254.255.255:9]",
    ]);
  });

  test("and packets of known connections, by network", () => {
    const head = filter("-A FORWARD -d 10.0.0.0/8 -j DROP", "-A FORWARD -d 10.0.0.0/12 -j DROP");
    const sides = [filter(), head].map((rules, at) => sideOf(`${at}`, [nodeOf("n", { rules })]));
    const vips = diffSides(sides[0]!, sides[1]!).changes.map(({ vip }) => vip);
    expect(vips).toEqual([
      "other addresses of 10.0.0.0/8, 10.0.0.0/12",
      "packets in conntrack state ESTABLISHED to other addresses of 10.0.0.0/8, 10.0.0.0/12",
      "packets in conntrack state INVALID to other addresses of 10.0.0.0/8, 10.0.0.0/12",
    ]);
  });

  test("those in no network, where the usual example lies in one", () => {
    const network = "-A FORWARD -d 198.18.0.0/15 -j ACCEPT";
    expect(told({ rules: filter(network) }, { rules: filter(network, "-A FORWARD -j DROP") })).toContain(
      "access-lost all other destinations: not handled -> dropped [223.255.255.255:9]",
    );
  });

  test("a port, and a protocol, of a network are said so", () => {
    const rule = (match: string) => filter(`-A FORWARD -d 10.0.0.0/8 ${match} -j DROP`);
    expect(told({ rules: filter() }, { rules: rule("-p tcp -m tcp --dport 22") })).toEqual([
      "access-lost port 22/TCP of other addresses of 10.0.0.0/8: not handled -> dropped [10.255.255.255:22]",
    ]);
    expect(told({ rules: filter() }, { rules: rule("-p udp") })).toEqual([
      "access-lost other addresses of 10.0.0.0/8 (UDP): not handled -> dropped [10.255.255.255:9]",
    ]);
  });

  test("a network in a set", () => {
    const rules = filter("-A FORWARD -m set --match-set pools dst -j DROP");
    const sets = (network: string) =>
      `create pools hash:net family inet hashsize 1024 maxelem 65536\nadd pools ${network}\n`;
    expect(told({ rules, sets: sets("10.1.0.0/16") }, { rules, sets: sets("10.1.0.0/17") })).toEqual([
      "access-widened other addresses of 10.1.0.0/16: dropped -> not handled [10.1.255.255:9]",
    ]);
  });

  test("a set that one side's dump does not have leaves open what it holds", () => {
    const rules = filter("-A FORWARD -m set --match-set pools dst -j DROP");
    const set = "create pools hash:net family inet hashsize 1024 maxelem 65536\n";
    expect(told({ rules, sets: set }, { rules }).join("\n")).toContain("all other destinations");
  });

  test("multicast", () => {
    const head = filter("-A FORWARD -m addrtype --dst-type MULTICAST -j DROP");
    expect(told({ rules: filter() }, { rules: head })).toEqual([
      "access-lost other addresses of 224.0.0.0/4: not handled -> dropped [239.255.255.255:9]",
    ]);
  });

  test("sets of other things than ports do no harm", () => {
    const sets =
      "create a hash:ip,mac\nadd a 10.0.0.1,02:00:00:00:00:01\ncreate b hash:ip,port\nadd b 10.0.0.1,icmp:8/0\n";
    expect(told({ rules: filter(), sets }, { rules: filter() })).toEqual([]);
  });
});

test("a health check port is open at the addresses of Services, too, where these are the host's", () => {
  const rules = (...more: readonly string[]) =>
    ["*filter", ":INPUT ACCEPT [0:0]", ...more, "-A INPUT -d 10.96.0.0/12 -j DROP", "COMMIT", ""].join("\n");
  const serviceAddresses = ["10.96.0.1", "10.96.0.2"];
  const open = "-A INPUT -p tcp -m tcp --dport 31000 -j ACCEPT";
  const changes = told({ rules: rules(), serviceAddresses }, { rules: rules(open), serviceAddresses });
  expect(changes).toEqual([
    "access-widened port 31000/TCP of Service addresses: dropped -> not handled [10.96.0.1:31000]",
  ]);
});
