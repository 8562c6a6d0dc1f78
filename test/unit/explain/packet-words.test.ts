import { describe, expect, it } from "vitest";
import { parseAddressSet } from "../../../src/datapath/address-set.ts";
import type { Assumption, Outcome, Verdict } from "../../../src/datapath/packet.ts";
import { everything, share } from "../../../src/datapath/share.ts";
import { parseExpectation } from "../../../src/explain/packet/expectation.ts";
import { foldOutcomes } from "../../../src/explain/packet/fold-outcomes.ts";
import { parsePacketSource, parsePacketTarget } from "../../../src/explain/packet/question.ts";
import { shortenRule } from "../../../src/report/explain/packet-hops.ts";
import { assumptionWords } from "../../../src/report/explain/packet-results.ts";

describe("shortenRule", () => {
  it.each([
    [
      '-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "a \\"b\\" -j X" -m tcp --dport 80 -j KUBE-SVC-A',
      "-d 10.96.0.1 -p tcp --dport 80 -j KUBE-SVC-A",
    ],
    ["-A C -m statistic --mode random --probability 0.5 -j D", "-m statistic --probability 0.5 -j D"],
    ["-A C ! -s fd00::1/128 -j D", "! -s fd00::1 -j D"],
    ["-A C -s 10.0.0.0/24 -j D", "-s 10.0.0.0/24 -j D"],
    ["-A -t 10.96.0.1:80 -s rr", "-A -t 10.96.0.1:80 -s rr"],
  ])("%s", (text, short) => {
    expect(shortenRule(text, 80)).toBe(short);
  });

  it("keeps the target of what is too long", () => {
    const long = shortenRule(`-A C -m bpf --bytecode "${"48 0 0 9,".repeat(20)}" -j KUBE-SVC-A`, 60);
    expect(long).toMatch(/^-m bpf .* \.\.\. -j KUBE-SVC-A$/);
    expect(long.length).toBeLessThanOrEqual(60);
  });
});

describe("parseExpectation", () => {
  it.each(["", "|", "10.0.1.5", "10.0.1.5:80 50", "delivered,", "a | b", "50%", "rejected masqueraded twice"])(
    "%j is none",
    (text) => {
      expect(parseExpectation(text)).toBeUndefined();
    },
  );

  it("a source word holds for all it stands after, one of an end for that end", () => {
    const { ends } = parseExpectation("10.0.1.5:80 masqueraded | [fd00::5]:80 12.5%, source kept") ?? { ends: [] };
    expect(ends.map(({ destination, masquerade }) => [destination, masquerade])).toEqual([
      ["10.0.1.5:80", true],
      ["[fd00::5]:80", false],
    ]);
    expect(ends[1]?.share?.value).toEqual(share(1, 8));
  });
});

describe("what is asked", () => {
  it.each(["pod/a", "pod/a/b/c", "Node", "10.0.0.1/32", "10.0.0.256", ""])("%j is no source", (text) => {
    expect(parsePacketSource(text)).toBeUndefined();
  });

  it("addresses are read in any spelling", () => {
    expect(parsePacketSource("FD00:0::1")).toEqual({ kind: "address", address: "fd00::1" });
    expect(parsePacketTarget("[FD00:0::1]:80")).toEqual({ kind: "address", address: "fd00::1", port: 80 });
    expect(parsePacketTarget("svc/a/b:http")).toEqual({ kind: "service", namespace: "a", name: "b", port: "http" });
  });
});

describe("foldOutcomes", () => {
  const sources = parseAddressSet("10.0.0.1");
  const outcome = (kind: "dropped" | "untouched", ...assumptions: readonly Assumption[]): Outcome => ({
    sources: sources as Outcome["sources"],
    share: everything,
    verdict: { kind } satisfies Verdict,
    masqueraded: false,
    affinity: undefined,
    remembers: [],
    scheduling: undefined,
    assumptions,
    hops: [],
  });
  const says = (what: string, holds: boolean): Assumption => ({ what, holds });

  it("a question whose answer changes nothing is not asked", () => {
    const all = [true, false].flatMap((a) => [true, false].map((b) => outcome("dropped", says("a", a), says("b", b))));
    expect(foldOutcomes(all)).toMatchObject([{ assumptions: [] }]);
  });

  it("one that does is", () => {
    const all = [outcome("dropped", says("a", true)), outcome("untouched", says("a", false))];
    expect(foldOutcomes(all)).toEqual(all);
  });
});

describe("assumptionWords", () => {
  it.each([
    [{ what: "-m bpf x", holds: true }, "-m bpf x matches"],
    [{ what: "-m bpf x, once translated", holds: false }, "-m bpf x does not match, once translated"],
    [{ what: "-j NFQUEUE lets the packet go on", holds: false }, "-j NFQUEUE does not let the packet go on"],
  ])("%j", (assumption, words) => {
    expect(assumptionWords(assumption)).toBe(words);
  });
});
