import { expect, test } from "vitest";
import { parseAddressSet } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import { readEvaluatedHost } from "../../../src/languages/evaluated-host.ts";
import { everyAnswer } from "../../harness/naive/every-answer.ts";
import { readNaiveHost } from "../../harness/naive/naive-host.ts";
import { difference } from "../../harness/naive/same-ends.ts";
import { createRandom } from "../traffic-mutations.ts";

/** A world of 64 addresses, so that long lists of sources overlap. */
const base = 0x0a000000n;
const local = ["10.0.0.0"];

const ends = ["DROP", "ACCEPT", "RETURN", "REJECT --reject-with icmp-port-unreachable"];
const asked = ["", "", "-p tcp ", "-p tcp -m tcp --dport 80 ", "-p udp ", "-i eth0 ", "-m conntrack --ctstate NEW "];
const between = [
  "-d 10.0.0.2/32 -j DROP",
  "-d 10.0.0.3/32 -p tcp -m tcp --dport 80 -j ACCEPT",
  "-p tcp -m tcp --dport 81 -j DROP",
  "-m mark --mark 0x1/0x1 -j DROP",
  "-s 10.0.0.32/27 -j MARK --set-xmark 0x1/0x1",
];

interface Random {
  readonly below: (end: number) => number;
  readonly pick: <T>(list: readonly T[]) => T;
}

function randomOf(seed: number): Random {
  const next = createRandom(seed);
  const below = (end: number): number => Math.floor(next() * end);
  return { below, pick: (list) => list[below(list.length)] as (typeof list)[number] };
}

/** Runs of 20 to 120 rules, some with other rules between them. */
function randomRules(random: Random): readonly string[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    const common = random.pick(asked);
    const targets = random.below(3) === 0 ? [random.pick(ends)] : ends;
    return Array.from({ length: 20 + random.below(100) }, () => {
      if (random.below(30) === 0) return random.pick(between);
      const length = random.pick([32, 32, 32, 32, 31, 30]);
      const not = random.below(200) === 0 ? "! " : "";
      return `${not}-s 10.0.0.${random.below(64)}/${length} ${common}-j ${random.pick(targets)}`;
    });
  }).flat();
}

test.each(Array.from({ length: 60 }, (_, at) => at))(
  "long lists of sources do in classes what they do one by one (%i)",
  (seed) => {
    const random = randomOf(seed);
    const main = randomRules(random).map((rule) => `-A BLOCK ${rule}`);
    const hooks = ["INPUT", "FORWARD", "OUTPUT"].map((hook) => `-A ${hook} -j BLOCK`);
    const text = ["*filter", ":BLOCK -", ":FORWARD DROP", ...hooks, ...main, "COMMIT", ""].join("\n");
    const host = readEvaluatedHost(
      { iptables: [{ file: "rules", text }], ip6tables: [], ipset: [], ipvs: [], serviceAddresses: [] },
      { nodeAddresses: local, podRanges: [] },
    );
    const naive = readNaiveHost({ rules: text, sets: "", local });
    for (const destination of ["10.0.0.0", "10.0.0.2", "10.0.0.3", "10.0.0.70"]) {
      const packet = {
        entry: random.pick(["outside", "pod", "node"] as const),
        destination,
        port: 80,
        protocol: "tcp" as const,
      };
      const sources = parseAddressSet("10.0.0.0/26");
      if (sources === undefined) throw new Error("not a network");
      const outcomes = evaluatePacket(host, { ...packet, sources });
      for (let at = 0n; at < 64n; at += 1n) {
        const source = `10.0.0.${at}`;
        const answered = everyAnswer(naive, { ...packet, source, lists: new Set() });
        expect(difference(outcomes, base + at, answered), `${packet.entry} ${source} -> ${destination}\n${text}`).toBe(
          undefined,
        );
      }
    }
  },
);

test("the rule that decides is named, in a list of many", () => {
  const rules = Array.from(
    { length: 100 },
    (_, at) => `-A FORWARD -s 10.0.0.${at}/32 -j ${at % 2 === 0 ? "DROP" : "ACCEPT"}`,
  );
  const text = ["*filter", ...rules, "COMMIT", ""].join("\n");
  const host = readEvaluatedHost(
    { iptables: [{ file: "rules", text }], ip6tables: [], ipset: [], ipvs: [], serviceAddresses: [] },
    { nodeAddresses: [], podRanges: [] },
  );
  const sources = parseAddressSet("10.0.0.42");
  if (sources === undefined) throw new Error("not an address");
  const outcomes = evaluatePacket(host, {
    entry: "outside",
    sources,
    destination: "10.1.0.1",
    port: 80,
    protocol: "tcp",
  });
  expect(outcomes.map(({ hops }) => hops)).toMatchObject([
    [{ chain: "FORWARD", number: 43, rule: { text: rules[42] } }],
  ]);
});
