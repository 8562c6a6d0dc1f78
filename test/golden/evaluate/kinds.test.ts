import { describe, expect, test } from "vitest";
import { parseAddressSet } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { Outcome, Packet } from "../../../src/datapath/packet.ts";
import { printFraction } from "../../../src/datapath/share.ts";
import { tracedHost } from "../../harness/trace.ts";

type Rules = Readonly<Record<string, readonly string[]>>;

const usual: Packet = {
  entry: "outside",
  sources: parseAddressSet("198.51.100.7") as Packet["sources"],
  destination: "10.96.0.1",
  port: 80,
  protocol: "tcp",
};

function outcomes(rules: Rules, packet: Partial<Packet> = {}): readonly Outcome[] {
  const text = Object.entries(rules)
    .map(([table, lines]) => [`*${table}`, ...lines, "COMMIT", ""].join("\n"))
    .join("");
  const host = tracedHost({ rules: { ipv4: text, ipv6: text }, nodeAddresses: ["192.0.2.10", "fd00::10"] });
  return evaluatePacket(host, { ...usual, ...packet });
}

/** `drop`, `10.0.0.1:80 1/2 | ...`; questions after `if` and `unless`. */
function ask(rules: Rules, packet: Partial<Packet> = {}): string {
  return outcomes(rules, packet)
    .map(({ verdict, share, masqueraded, newSource, assumptions }) => {
      const end = verdict.kind === "delivered" ? `${verdict.target.address} ${verdict.target.port}` : verdict.kind;
      const part = printFraction(share) === "1" ? "" : ` ${printFraction(share)}`;
      const source = masqueraded ? ` from ${newSource ?? "the node"}` : "";
      return `${end}${part}${source}${assumptions.map(({ what, holds }) => ` ${holds ? "if" : "unless"} ${what}`).join("")}`;
    })
    .sort()
    .join(" | ");
}

const dropIf = (match: string) => ({ filter: [`-A FORWARD ${match} -j DROP`] });

describe("matches", () => {
  test.each([
    ["-p tcp -m multiport --dports 79,80:90", "dropped"],
    ["-p tcp -m multiport ! --dports 79,80:90", "untouched"],
    ["-p udp -m multiport --dports 80", "untouched"],
    ["-p tcp -m multiport --ports 80", "dropped"],
    ["-p tcp -m multiport ! --ports 80", "untouched"],
    ["-m state --state NEW", "dropped"],
    ["-m state ! --state NEW,RELATED", "untouched"],
    ["-m connmark --mark 0x0", "dropped"],
    ["-m connmark ! --mark 0x0/0xff", "untouched"],
    ["-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN", "dropped"],
    ["-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN", "untouched"],
    ["-p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE", "untouched"],
    ["-p tcp -m tcp --tcp-flags FIN,RST NONE", "dropped"],
    ["-p tcp -m tcp --tcp-flags SYN,ACK SYN,ACK", "untouched"],
    ["-m iprange --src-range 198.51.100.0-198.51.100.7", "dropped"],
    ["-m iprange ! --src-range 198.51.100.0-198.51.100.7", "untouched"],
    ["-m iprange --src-range 198.51.100.0-198.51.100.7 --dst-range 10.96.0.2-10.96.0.9", "untouched"],
    ["-m iprange --src-range 198.51.100.0-198.51.100.7 ! --dst-range 10.96.0.2-10.96.0.9", "dropped"],
    ["-p icmp -m icmp --icmp-type 8", "untouched"],
    ["-o lo", "untouched"],
    ["! -o lo", "dropped"],
    ["-o +", "dropped"],
    ["-p tcp -m tcp --sport 0:65535 --dport 80", "dropped"],
    ["-p tcp -m tcp --sport 1024:65535 --dport 81", "untouched"],
  ])("%s", (match, expected) => {
    expect(ask(dropIf(match))).toBe(expected);
  });

  test.each([
    ["-o eth0", "-o eth0"],
    ["-p tcp -m tcp --sport 1024:65535", "-m tcp --sport 1024:65535"],
    ["-p tcp -m multiport --sports 1,2", "-m multiport --sports 1,2"],
    ["-p tcp -m multiport --ports 81,82", "-m multiport --ports 81,82"],
  ])("%s is a question: nobody knows", (match, question) => {
    expect(ask(dropIf(match))).toBe(`dropped if ${question} | untouched unless ${question}`);
    const negated = match.replace(/(--\S+|-o) (\S+)$/, "! $1 $2");
    expect(ask(dropIf(negated))).toBe(`dropped unless ${question} | untouched if ${question}`);
  });

  test("flags of later packets are a question, ports of other protocols are not", () => {
    const rules = dropIf("-p tcp -m tcp --tcp-flags SYN,ACK SYN");
    const question = "-m tcp --tcp-flags SYN,ACK SYN";
    expect(ask(rules, { state: "ESTABLISHED" })).toBe(`dropped if ${question} | untouched unless ${question}`);
    expect(ask(rules, { protocol: "udp" })).toBe("untouched");
  });

  test("what comes in, or is not routed yet, leaves by no interface", () => {
    expect(ask({ filter: ["-A INPUT ! -o eth0 -j DROP"] }, { destination: "192.0.2.10" })).toBe("dropped");
    expect(ask({ mangle: ["-A PREROUTING -o eth0 -j DROP"] })).toBe("untouched");
    const own = {
      entry: "node",
      sources: parseAddressSet("192.0.2.10") as Packet["sources"],
      destination: "192.0.2.10",
    } as const;
    expect(ask({ filter: ["-A OUTPUT -o lo -j DROP"] }, own)).toBe("dropped");
  });
});

describe("REDIRECT", () => {
  const redirect = (options: string, more: Rules = {}) => ({
    nat: [`-A PREROUTING -j REDIRECT${options}`, `-A OUTPUT -j REDIRECT${options}`],
    ...more,
  });

  test("delivers to the node itself, by INPUT and not by FORWARD", () => {
    const filter = ["-A FORWARD -j DROP"];
    expect(ask(redirect(" --to-ports 8080", { filter }))).toBe("192.0.2.10 8080");
    expect(ask(redirect("", { filter }))).toBe("192.0.2.10 80");
    expect(ask(redirect(" --to-ports 8080", { filter: ["-A INPUT -p tcp -m tcp --dport 8080 -j DROP"] }))).toBe(
      "dropped",
    );
    const six = { sources: parseAddressSet("2001:db8::7") as Packet["sources"], destination: "fd00:96::1" };
    expect(ask(redirect(" --to-ports 8080", { filter }), six)).toBe("fd00::10 8080");
  });

  test("what the node sends goes to loopback", () => {
    const own = { entry: "node", sources: parseAddressSet("192.0.2.10") as Packet["sources"] } as const;
    expect(ask(redirect(" --to-ports 8080"), own)).toBe("127.0.0.1 8080");
    const six = { ...own, sources: parseAddressSet("fd00::10") as Packet["sources"], destination: "fd00:96::1" };
    expect(ask(redirect(" --to-ports 8080"), six)).toBe("::1 8080");
  });

  test("of a range: its own port, the first one, or any one by chance", () => {
    expect(ask(redirect(" --to-ports 79-82"))).toBe("192.0.2.10 80");
    expect(ask(redirect(" --to-ports 8080-8090"))).toBe("192.0.2.10 8080");
    expect(ask(redirect(" --to-ports 8080-8081 --random"))).toBe("192.0.2.10 8080 1/2 | 192.0.2.10 8081 1/2");
    expect(ask(redirect(" --to-ports 1024-65535 --random"))).toBe("unknown");
  });
});

describe("tracking", () => {
  const nat = ["-A PREROUTING -j DNAT --to-destination 10.0.1.1:80"];
  test.each(["-j NOTRACK", "-j CT --notrack"])("%s: nat is not asked", (target) => {
    expect(ask({ raw: [`-A PREROUTING ${target}`], nat })).toBe("untouched");
    const filter = ["-A FORWARD -m state --state UNTRACKED -j DROP"];
    expect(ask({ raw: [`-A PREROUTING ${target}`], nat, filter })).toBe("dropped");
    // Behind conntrack it comes too late.
    expect(ask({ mangle: [`-A PREROUTING ${target}`], nat })).toBe("10.0.1.1 80");
  });
});

describe("source and network translation", () => {
  test("SNAT gives the address it names", () => {
    expect(ask({ nat: ["-A POSTROUTING -j SNAT --to-source 192.0.2.99"] })).toBe("untouched from 192.0.2.99");
    expect(ask({ nat: ["-A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.99:1000-2000 --random"] })).toBe(
      "untouched from 192.0.2.99",
    );
    expect(ask({ nat: ["-A POSTROUTING -j SNAT --odd"] })).toBe("untouched from the node");
    expect(ask({ nat: ["-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1000-2000"] })).toBe("untouched from the node");
  });

  test("NETMAP keeps the host part", () => {
    expect(ask({ nat: ["-A PREROUTING -j NETMAP --to 10.2.0.0/16"] })).toBe("10.2.0.1 80");
    expect(ask({ nat: ["-A PREROUTING -j NETMAP --to 10.2.7.9/32"] })).toBe("10.2.7.9 80");
    expect(ask({ nat: ["-A POSTROUTING -j NETMAP --to 10.2.0.0/16"] })).toBe("untouched from 10.2.0.0/16");
  });

  test("DNAT in each spelling; of several addresses nobody can tell which", () => {
    const dnat = (to: string) => ask({ nat: [`-A PREROUTING -p tcp -j DNAT --to-destination ${to}`] });
    expect(dnat("10.0.1.1:8080 --random --persistent")).toBe("10.0.1.1 8080");
    expect(dnat("10.0.1.1 --persistent")).toBe("10.0.1.1 80");
    expect(dnat("10.0.1.1:8080-8090")).toBe("10.0.1.1 8080");
    expect(dnat(":8080")).toBe("10.96.0.1 8080");
    expect(dnat("10.0.1.1-10.0.1.9")).toBe("unknown");
    expect(dnat("300.1.1.1:80")).toBe("unknown");
  });
});

describe("what nobody can tell", () => {
  test("ends unknown, and is never a drop", () => {
    const filter = [":FORWARD ACCEPT", ":INPUT ACCEPT"];
    for (const target of [
      "-j NFQUEUE --queue-num 1",
      "-j NOWHERE",
      "-g NOWHERE",
      "-j TPROXY --odd",
      "-j DNAT --odd",
      "-j REDIRECT --odd",
    ]) {
      const kinds = outcomes({ nat: [`-A PREROUTING ${target}`], filter }).map(({ verdict }) => verdict.kind);
      expect(kinds, target).not.toContain("dropped");
      expect(kinds, target).toContain("unknown");
    }
    const tproxy = "-j TPROXY --on-port 15001 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1";
    expect(ask({ mangle: [`-A PREROUTING -p tcp ${tproxy}`], filter: ["-A FORWARD -j DROP"] })).toBe("unknown");
  });

  test("a mark restored from a connection that nobody knows is a question where it is asked for", () => {
    const mangle = ["-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff"];
    const rules = { mangle, filter: ["-A FORWARD -m mark --mark 0x1 -j DROP"] };
    expect(ask(rules)).toBe("untouched");
    expect(ask(rules, { state: "ESTABLISHED" })).toBe(
      "dropped if -m mark --mark 0x1 | untouched unless -m mark --mark 0x1",
    );
    const set = { ...rules, mangle: [...mangle, "-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff"] };
    expect(ask(set, { state: "ESTABLISHED" })).toBe("dropped");
  });
});

test("goto: what falls through the chain does not come back", () => {
  const filter = [
    ":A - [0:0]",
    ":B - [0:0]",
    "-A FORWARD -j A",
    "-A FORWARD -j DROP",
    "-A A -g B",
    "-A A -j ACCEPT",
    "-A B -p udp -j ACCEPT",
  ];
  expect(ask({ filter })).toBe("dropped");
  expect(ask({ filter }, { protocol: "udp" })).toBe("untouched");
});
