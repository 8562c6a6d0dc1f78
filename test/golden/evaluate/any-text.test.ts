import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { everyAddress } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../../src/datapath/host.ts";
import type { Outcome } from "../../../src/datapath/packet.ts";
import { checkSums, hostOf } from "./any-host.ts";

function evaluateAll(host: EvaluatedHost): readonly Outcome[] {
  const all: Outcome[] = [];
  for (const entry of ["outside", "node"] as const) {
    for (const [destination, bits] of [
      ["10.0.0.1", 32],
      ["10.0.0.2", 32],
      ["fd00::1", 128],
    ] as const) {
      const packet = { entry, sources: everyAddress(bits), destination, protocol: "tcp", port: 80 } as const;
      const outcomes = evaluatePacket(host, packet);
      checkSums(outcomes, bits);
      all.push(...outcomes);
    }
  }
  return all;
}

const words = [
  ..."-A -s -d -i -o -p -m -j -g ! PREROUTING INPUT FORWARD OUTPUT POSTROUTING A1 A2 A3 ACCEPT DROP RETURN REJECT".split(
    " ",
  ),
  ..."MARK --set-xmark 0x1/0x1 0x4000 DNAT --to-destination 10.0.0.2:80 10.0.0.9 [fd00::2]:80 MASQUERADE CONNMARK".split(
    " ",
  ),
  ..."--save-mark --restore-mark --nfmask --ctmask 0xffffffff tcp udp --dport 80 1:65535 99999 addrtype --dst-type".split(
    " ",
  ),
  ..."--src-type LOCAL UNICAST conntrack --ctstate NEW DNAT,RELATED mark --mark recent --set --rcheck --name L".split(
    " ",
  ),
  ..."--rsource --rdest --mask 255.255.255.255 statistic --mode random --probability 0.50000000000 1.0 2.0 nth".split(
    " ",
  ),
  ..."set --match-set S T src dst src,dst ipvs --vproto 6 --vaddr 10.0.0.1 a --vport bpf limit physdev".split(" "),
  ...'--physdev-is-in multiport --dports 80,90:100 comment --comment "a "b\\" state --state CT --notrack connmark'.split(
    " ",
  ),
  ..."10.0.0.1/32 10.0.0.0/31 0.0.0.0/0 10.0.0.1 fd00::1/128 host.example 1.2.3 300.1.1.1 ::/0 /8 lo eth+ +".split(" "),
];
const rule = fc.array(fc.constantFrom(...words), { maxLength: 12 }).map((list) => list.join(" "));
const goodRule = fc
  .tuple(
    fc.constantFrom("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING", "A1", "A2", "A3"),
    fc.array(
      fc.constantFrom(
        "-s 10.0.0.1/32",
        "! -s 10.0.0.0/31",
        "-d 10.0.0.1/32",
        "-d host.example",
        "! -d 10.0.0.0/255.0.255.0",
        "-i eth0",
        "-p tcp",
        "-m mark --mark 0x1/0x1",
        "-m statistic --mode random --probability 0.50000000000",
        "-m set --match-set S src",
        "-m bpf --object-pinned /x",
        "-m limit --limit 1/sec",
        "-m iprange ! --src-range 10.0.0.0-10.0.0.1 --dst-range 10.0.0.1-fd00::1",
        "-p tcp -m multiport ! --ports 79,80:90",
        "-p tcp -m tcp ! --sport 1:80 --tcp-flags SYN,ACK SYN",
        "-m connmark ! --mark 0x1/0x1",
        "-m state ! --state NEW,DNAT",
        "! -o lo",
        "-m ipvs --vproto 6 --vaddr a --vport 80",
        "-m recent --set --name L --mask 255.255.255.255 --rsource",
        "-m recent --rcheck --name L --mask 255.255.255.255 --rdest",
      ),
      { maxLength: 3 },
    ),
    fc.constantFrom(
      "-j ACCEPT",
      "-j DROP",
      "-j RETURN",
      "-j A1",
      "-j A2",
      "-g A3",
      "-j NOWHERE",
      "-j MARK --set-xmark 0x1/0x1",
      "-j DNAT --to-destination 10.0.0.2:81",
      "-j DNAT --to-destination 10.0.0.2-10.0.0.9",
      "-j NFQUEUE --queue-num 1",
      "-j REDIRECT --to-ports 90-70",
      "-j REDIRECT --to-ports 80-82 --random",
      "-j NETMAP --to 10.0.0.0/99",
      "-j NETMAP --to fd00::/64",
      "-j SNAT --to-source [fd00::1]:1-2",
      "-j CT --notrack",
      "-j TPROXY --on-port 1 --on-ip :: --tproxy-mark 0x1/0x1",
      "-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff",
      "-j MASQUERADE --to-ports 1024-2048",
      "",
    ),
  )
  .map(([chain, matches, target]) => `-A ${chain} ${matches.join(" ")} ${target}`);
const anyLine = fc.oneof(
  { weight: 6, arbitrary: goodRule },
  { weight: 2, arbitrary: rule },
  { weight: 1, arbitrary: rule.map((text) => `-A PREROUTING ${text}`) },
  { weight: 1, arbitrary: fc.string({ unit: "binary" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(":A1 - [0:0]", ":INPUT DROP [0:0]", "COMMIT", "*filter", "*nat", "*", ":", "#"),
  },
);
const anyRules = fc.array(anyLine, { maxLength: 40 }).map((lines) => ["*nat", ...lines].join("\n"));
const anySets = fc
  .array(
    fc.oneof(
      fc.constantFrom("create S hash:net family inet", "create S hash:ip,port", "create S bitmap:port", "create S x"),
      fc.constantFrom("add S 10.0.0.1", "add S 10.0.0.0/31 nomatch", "add S 10.0.0.1,tcp:80", "add S a", "add S 80-90"),
      rule,
    ),
    { maxLength: 6 },
  )
  .map((lines) => lines.join("\n"));
const anyServers = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "-A -t 10.0.0.1:80 -s rr",
        "-A -t [fd00::1]:80 -s sh -p 10",
        "-a -t 10.0.0.1:80 -r 10.0.0.9:80 -m -w 0",
      ),
      fc.constantFrom("-a -t 10.0.0.1:80 -r 10.0.0.3:80 -m -w 3", "-A -t 999.0.0.1:99999 -s rr", "-A -f 1 -s rr"),
      rule,
    ),
    { maxLength: 6 },
  )
  .map((lines) => lines.join("\n"));

describe("any text", () => {
  test("gives problems or rules, never an exception, and what comes of all packets is all packets", () => {
    fc.assert(
      fc.property(anyRules, anySets, anyServers, fc.array(fc.string()), (rules, sets, servers, local) => {
        evaluateAll(hostOf(rules, sets, servers, ["10.0.0.1", ...local]));
      }),
      { numRuns: 1500 },
    );
  });

  test("in parts: those about different chains lie in any order", () => {
    const tables = [
      "*filter\n-A FORWARD -j DROP\nCOMMIT",
      "*nat\n:A1 -\n-A A1 -j DNAT --to-destination 10.0.0.7:80\nCOMMIT",
    ];
    const parts = [...tables, "*nat\n-A PREROUTING -s 10.0.0.1/32 -j A1\nCOMMIT"].map((text, at) => ({
      file: `${at}`,
      text,
    }));
    fc.assert(
      fc.property(fc.shuffledSubarray(parts, { minLength: parts.length }), (shuffled) => {
        const seen = (list: readonly Outcome[]) => list.map(({ hops: _, ...rest }) => rest);
        expect(seen(evaluateAll(hostOf(shuffled)))).toEqual(seen(evaluateAll(hostOf(parts))));
      }),
    );
  });
});
