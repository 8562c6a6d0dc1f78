import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { everyAddress } from "../../src/evaluate/address-set.ts";
import { evaluatePacket } from "../../src/evaluate/evaluate-packet.ts";
import { type EvaluatedHost, readEvaluatedHost } from "../../src/evaluate/host.ts";
import type { TextPart } from "../../src/evaluate/host-texts.ts";
import type { Entry, Outcome } from "../../src/evaluate/packet.ts";
import { endsOf } from "./naive/same-ends.ts";

function hostOf(rules: string | readonly TextPart[], sets = "", servers = "", local = ["10.0.0.1"]): EvaluatedHost {
  const part = (text: string) => [{ file: "text", text }];
  const iptables = typeof rules === "string" ? part(rules) : rules;
  return readEvaluatedHost(
    { iptables, ip6tables: iptables, ipset: part(sets), ipvs: part(servers), serviceAddresses: local },
    { nodeAddresses: ["192.0.2.10"], podRanges: ["10.0.0.0/8"] },
  );
}

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

/** For one source and any answers, what comes of all packets is all packets. */
function checkSums(outcomes: readonly Outcome[], bits: 32 | 128): void {
  for (const source of [0n, 0x0a000001n, 0x0a000002n, (1n << BigInt(bits)) - 1n]) {
    for (const turn of [0, 1, 2]) {
      const questions = [...new Set(outcomes.flatMap(({ assumptions }) => assumptions.map(({ what }) => what)))];
      const answers = new Map(questions.map((what, at) => [what, turn === 2 ? at % 2 === 0 : turn === 1]));
      const parts = [...endsOf(outcomes, source, answers).values()].map((text) => text.split("/").map(BigInt));
      const [numerator, denominator] = parts.reduce(
        ([a = 0n, b = 1n], [c = 0n, d = 1n]) => [a * d + c * b, b * d],
        [0n, 1n],
      );
      expect(numerator).toBe(denominator);
    }
  }
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

describe("chains that lead nowhere good", () => {
  const ask = (lines: readonly string[], entry: Entry = "outside") => {
    const host = hostOf(["*nat", ...lines, "COMMIT"].join("\n"));
    const sources = everyAddress(32);
    const outcomes = evaluatePacket(host, { entry, sources, destination: "10.0.0.2", protocol: "tcp", port: 80 });
    checkSums(outcomes, 32);
    return outcomes.map(({ verdict, assumptions }) => [
      verdict.kind,
      ...assumptions.map(({ what, holds }) => `${holds ? "if" : "unless"} ${what}`),
    ]);
  };
  const question = (what: string) => [
    ["dropped", `unless ${what} lets the packet go on`],
    ["untouched", `if ${what} lets the packet go on`],
  ];
  const chain = (count: number, rules: (at: number) => readonly string[]) => [
    "-A PREROUTING -j C0",
    ...Array.from({ length: count }, (_, at) => [`:C${at} -`, ...rules(at).map((each) => `-A C${at} ${each}`)]).flat(),
  ];

  test("a loop is a question, also one that branches at each turn", () => {
    expect(ask(["-A PREROUTING -j C0", "-A C0 -j C0"])).toEqual(question("the loop at chain C0"));
    expect(ask(["-A PREROUTING -j C0", "-A C0 -j C0", "-A C0 -j C0", "-A C0 -j C0"])).toEqual(
      question("the loop at chain C0"),
    );
    expect(ask(chain(12, () => Array.from({ length: 12 }, (_, to) => `-j C${to}`)))).toEqual(
      question("chain PREROUTING, with too many ways through it,"),
    );
  });

  test("a chain that is not there is a question", () => {
    expect(ask(["-A PREROUTING -j C0"])).toEqual(question("-j C0"));
    expect(ask(["-A PREROUTING -g C0"])).toEqual(question("-j C0"));
  });

  test("ten thousand jumps deep is a question, two hundred are not", () => {
    expect(ask(chain(10_000, (at) => [`-j C${at + 1}`]))).toEqual(question("chain C255, 257 deep,"));
    const deep = [...chain(200, (at) => [`-j C${at + 1}`]), ":C200 -", "-A C200 -j DROP"];
    expect(ask(deep)).toEqual([["dropped"]]);
  });

  test("more ways than anybody follows are a question, told in time", () => {
    const tooMany = question("chain PREROUTING, with too many ways through it,");
    expect(ask(chain(60, (at) => (at < 59 ? [`-j C${at + 1}`, `-j C${at + 1}`] : [])))).toEqual(tooMany);
    const bit = (at: number) => `0x${(2 ** at).toString(16)}`;
    const marks = Array.from({ length: 30 }, (_, at) => `-m bpf --x ${at} -j MARK --set-xmark ${bit(at)}/${bit(at)}`);
    expect(ask(marks.map((each) => `-A PREROUTING ${each}`))).toEqual(tooMany);
    const coins = marks.map((each) => each.replace(/-m bpf --x \d+/, "-m statistic --mode random --probability 0.500"));
    expect(ask(coins.map((each) => `-A PREROUTING ${each}`))).toEqual(tooMany);
    const twelve = marks.slice(0, 11).map((each) => `-A PREROUTING ${each}`);
    const idle = Array.from({ length: 5000 }, (_, at) => `-A PREROUTING -p udp -m udp --sport ${at} -j DROP`);
    expect(ask([...twelve, ...idle])).toEqual(tooMany);
  });

  test("each -m limit counts for itself; a packet's address may be another once it is translated", () => {
    const limit = "-A PREROUTING -m limit --limit 1/sec -j";
    expect(ask([`${limit} ACCEPT`, `${limit} DROP`])).toEqual([
      ["untouched", "if -m limit --limit 1/sec"],
      ["dropped", "unless -m limit --limit 1/sec", "if -m limit --limit 1/sec, asked again"],
      ["untouched", "unless -m limit --limit 1/sec", "unless -m limit --limit 1/sec, asked again"],
    ]);
    const asked = "-m iprange --dst-range 10.0.0.2-10.0.0.9";
    const dnat = [
      "-A PREROUTING -j DNAT --to-destination 10.0.0.50",
      "COMMIT",
      "*filter",
      `-A FORWARD ${asked} -j DROP`,
    ];
    expect(ask([`-A PREROUTING ! -i eth0 ${asked} -j ACCEPT`, ...dnat]).map((each) => each.join("; "))).toContain(
      `dropped; unless -i eth0; unless ${asked}; if ${asked}, once translated`,
    );
  });

  test("marks of connections are kept and given back", () => {
    const masks = "--nfmask 0xffffffff --ctmask 0xffffffff";
    const drop = "-A PREROUTING -m mark --mark 0x1/0x1 -j DROP";
    const set = "-A PREROUTING -j MARK --set-xmark 0x1/0x1";
    const restore = `-A PREROUTING -j CONNMARK --restore-mark ${masks}`;
    expect(ask([set, drop])).toEqual([["dropped"]]);
    expect(ask([set, restore, drop])).toEqual([["untouched"]]);
    expect(
      ask([
        set,
        `-A PREROUTING -j CONNMARK --save-mark ${masks}`,
        "-A PREROUTING -j MARK --set-xmark 0x0/0xffffffff",
        restore,
        drop,
      ]),
    ).toEqual([["dropped"]]);
    expect(
      ask([
        "-A PREROUTING -j CONNMARK --set-xmark 0x1/0x1",
        "-A PREROUTING -m connmark ! --mark 0x1 -j DROP",
        restore,
        drop,
      ]),
    ).toEqual([["dropped"]]);
  });
});
