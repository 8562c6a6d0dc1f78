import { expect, test } from "vitest";
import { isIpv6, parseTarget } from "../../../src/datapath/address-set.ts";
import { diffSides } from "../../../src/diff/diff-sides.ts";
import type { TrafficChange } from "../../../src/diff/traffic-diff.ts";
import { caseFolder, goldenCases, modesOf } from "../../harness/golden-cases.ts";
import { everyAnswer } from "../../harness/naive/every-answer.ts";
import type { NaivePacket } from "../../harness/naive/journey.ts";
import { type NaiveHost, readNaiveHost } from "../../harness/naive/naive-host.ts";
import { nodeOf, sideOf } from "../../harness/text-side.ts";
import type { HostText } from "../../harness/trace.ts";
import { readHostText } from "../check-packets.ts";
import { type Mutation, mutationsOf } from "./mutations.ts";
import { listsIn, packetsNear } from "./packets-near.ts";

/** Of many mutations of all golden cases every so manieth is tried, always the same; MUTATE_EVERY=1 tries all. */
const every = Number(process.env.MUTATE_EVERY ?? 29);

function* chosenMutations(): Generator<{ readonly at: string; readonly base: HostText; readonly mutation: Mutation }> {
  let count = 0;
  for (const name of goldenCases()) {
    for (const mode of modesOf(name)) {
      const base = readHostText(caseFolder(name), mode);
      for (const mutation of mutationsOf(base)) {
        count += 1;
        if (count % every === 0) yield { at: `${name} ${mode}`, base, mutation };
      }
    }
  }
}

function diffOf(base: HostText, head: HostText) {
  const side = (name: string, { rules, sets, servers, serviceAddresses, nodeAddresses }: HostText) =>
    sideOf(name, [
      nodeOf("node1", {
        rules: rules.ipv4,
        rules6: rules.ipv6,
        ...(sets === undefined ? {} : { sets }),
        ...(servers === undefined ? {} : { servers }),
        ...(serviceAddresses === undefined ? {} : { serviceAddresses }),
        nodeAddresses,
        podRanges: ["10.0.1.0/24", "10.244.1.0/24"],
      }),
    ]);
  return diffSides(side("base", base), side("head", head));
}

interface NaivePair {
  readonly ipv4: NaiveHost;
  readonly ipv6: NaiveHost;
}

function naiveOf({ rules, sets, servers, serviceAddresses = [], nodeAddresses }: HostText): NaivePair {
  const local = [...nodeAddresses, ...serviceAddresses];
  const read = (text: string) => readNaiveHost({ rules: text, sets, servers, local });
  return { ipv4: read(rules.ipv4), ipv6: read(rules.ipv6) };
}

/** What comes of a packet, for every answer to what nobody can tell. */
function comesOf(pair: NaivePair, packet: NaivePacket): string {
  const answered = everyAnswer(isIpv6(packet.destination) ? pair.ipv6 : pair.ipv4, packet);
  const told = answered.map(({ answers, ends }) => ({ answers: [...answers], ends: JSON.stringify([...ends].sort()) }));
  // A question whose answers all lead to the same is none.
  return new Set(told.map(({ ends }) => ends)).size === 1 ? (told[0]?.ends ?? "") : JSON.stringify(told);
}

/** The example packet and the same packet from a client that some list holds. */
function examplePackets({ examplePacket, vip }: TrafficChange, lists: readonly string[]): readonly NaivePacket[] {
  const to = parseTarget(examplePacket.to);
  if (to === undefined) throw new Error(`${examplePacket.to} is no address and port`);
  const state = /in conntrack state (\w+)/.exec(vip)?.[1];
  const packet: NaivePacket = {
    entry: examplePacket.entry,
    source: examplePacket.from,
    destination: to.address,
    port: to.port,
    protocol: examplePacket.protocol as NaivePacket["protocol"],
    lists: new Set(),
    state,
  };
  return [packet, ...lists.map((list) => ({ ...packet, lists: new Set([list]) }))];
}

/** What nodes have beside kube-proxy, in few rules whose every mutation is tried. */
const others = [
  "*raw",
  "-A PREROUTING -d 10.80.0.10/32 -p udp -m udp --dport 53 -j NOTRACK",
  "-A OUTPUT -d 10.80.0.11/32 -p udp -m udp --dport 53 -j CT --notrack",
  "COMMIT",
  "*mangle",
  "-A PREROUTING -p tcp -m tcp --dport 81 -j MARK --set-xmark 0x1/0x1",
  "-A PREROUTING -m mark --mark 0x1/0x1 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
  "COMMIT",
  "*nat",
  ":A - [0:0]",
  "-A PREROUTING -p tcp -m multiport --dports 80,90:95 -g A",
  "-A PREROUTING -d 10.1.0.0/16 -p tcp -m tcp --dport 81 -j NETMAP --to 10.2.0.0/16",
  "-A A -m iprange --src-range 198.51.100.1-198.51.100.9 -j REDIRECT --to-ports 8080",
  "-A A -p tcp -m tcp --dport 90 --tcp-flags FIN,SYN,RST,ACK SYN -j DNAT --to-destination 10.0.0.9:80",
  "-A POSTROUTING -m connmark --mark 0x1/0x1 -j MASQUERADE",
  "COMMIT",
  "*filter",
  "-A OUTPUT -o lo -j DROP",
  "-A INPUT -m state --state NEW -p tcp -m tcp --dport 22 -j REJECT",
  "-A FORWARD -p udp -m multiport ! --dports 53,54 -j DROP",
  "COMMIT",
  "",
].join("\n");

test("every mutation of other programs' rules shows, with a witness, or changes no packet", () => {
  const base: HostText = { rules: { ipv4: others, ipv6: "" }, nodeAddresses: ["192.0.2.10"] };
  const tally: Tally = { tried: 0, found: 0, equal: 0, rounding: 0 };
  const kinds = new Set<string>();
  const wrong: string[] = [];
  for (const mutation of mutationsOf(base)) {
    kinds.add(mutation.kind);
    tally.tried += 1;
    const message = judge(base, mutation, tally);
    if (message !== undefined) wrong.push(`${mutation.kind}: ${message}\n  ${mutation.lines.join("\n  ")}`);
  }
  console.warn(`others: ${tally.tried} mutations of ${kinds.size} kinds, ${tally.found} found, ${tally.equal} equal`);
  expect(wrong).toEqual([]);
  expect(kinds.size).toBeGreaterThan(20);
  expect(tally.found).toBeGreaterThan(40);
}, 600_000);

interface Tally {
  tried: number;
  found: number;
  equal: number;
  rounding: number;
}

test("every mutation of a golden case shows, with an example packet, or changes no packet", () => {
  const tallies = new Map<string, Tally>();
  const wrong: string[] = [];
  for (const { at, base, mutation } of chosenMutations()) {
    const tally = tallies.get(mutation.kind) ?? { tried: 0, found: 0, equal: 0, rounding: 0 };
    tallies.set(mutation.kind, tally);
    tally.tried += 1;
    const message = judge(base, mutation, tally);
    if (message !== undefined) wrong.push(`${at}, ${mutation.kind}: ${message}\n  ${mutation.lines.join("\n  ")}`);
  }
  console.warn(printTallies(tallies, wrong.length));
  expect(wrong).toEqual([]);
}, 3_600_000);

function judge(base: HostText, mutation: Mutation, tally: Tally): string | undefined {
  const { changes } = diffOf(base, mutation.text);
  const [before, after] = [naiveOf(base), naiveOf(mutation.text)];
  const differs = (packet: NaivePacket) => comesOf(before, packet) !== comesOf(after, packet);
  if (changes.length > 0) {
    tally.found += 1;
    const lists = [...new Set(listsIn(base.rules.ipv4 + base.rules.ipv6).concat(listsIn(mutation.lines.join(" "))))];
    const idle = changes.filter(
      (change) => !isOfTime(change, mutation) && !examplePackets(change, lists).some(differs),
    );
    return idle[0] && `its example packet is treated alike: ${JSON.stringify(idle[0].examplePacket)}`;
  }
  if (mutation.kind.startsWith("threshold")) {
    tally.rounding += 1;
    return undefined;
  }
  const missed = packetsNear(mutation).find(differs);
  if (missed === undefined) tally.equal += 1;
  return (
    missed &&
    `missed: ${JSON.stringify({ ...missed, lists: [...missed.lists] })} was ${comesOf(before, missed)}, is ${comesOf(after, missed)}`
  );
}

/** How long a client stays, and how IPVS chooses, is nothing that one packet shows. */
function isOfTime({ severity, headline }: TrafficChange, { lines }: Mutation): boolean {
  const isTold = severity === "affinity" && /session affinity|IPVS scheduling/.test(headline);
  return isTold && / -m recent | -s (?:rr|wrr|sh)| -p \d/.test(lines.join());
}

function printTallies(tallies: ReadonlyMap<string, Tally>, wrong: number): string {
  const row = (name: string, ...cells: readonly (string | number)[]) =>
    [name.padEnd(32), ...cells.map((cell) => String(cell).padStart(9))].join("");
  const rows = [...tallies].map(([kind, { tried, found, equal, rounding }]) =>
    row(kind, tried, found, equal, rounding),
  );
  const sum = (of: keyof Tally) => [...tallies.values()].reduce((total, tally) => total + tally[of], 0);
  return [
    row("mutation", "tried", "found", "equal", "rounding"),
    ...rows,
    row("all", sum("tried"), sum("found"), sum("equal"), sum("rounding")),
    `wrong: ${wrong}`,
  ].join("\n");
}
