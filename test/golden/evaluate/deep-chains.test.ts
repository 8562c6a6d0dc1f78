import { describe, expect, test } from "vitest";
import { everyAddress } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { Entry } from "../../../src/datapath/packet.ts";
import { checkSums, hostOf } from "./any-host.ts";

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
    ["unknown", `unless ${what} lets the packet go on`],
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
    expect(ask(["-A PREROUTING -g C0"])).toEqual(question("-g C0"));
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
    const asked = "-m pkttype --pkt-type unicast";
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
