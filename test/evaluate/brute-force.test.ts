import { expect, test } from "vitest";
import { parseAddressSet } from "../../src/evaluate/address-set.ts";
import { evaluatePacket } from "../../src/evaluate/evaluate-packet.ts";
import { readEvaluatedHost } from "../../src/evaluate/host.ts";
import type { Entry, Outcome } from "../../src/evaluate/packet.ts";
import { everyAnswer } from "./naive/every-answer.ts";
import { readNaiveHost } from "./naive/naive-host.ts";
import { difference, endsOf } from "./naive/same-ends.ts";

/** A world of four addresses: .0 to .3, of which the node has .0. */
const base = 0x0a000000n;
const world = "10.0.0.0/30";
const local = ["10.0.0.0"];
const sets = "create S hash:net family inet\nadd S 10.0.0.1\nadd S 10.0.0.2/31\n";

const half = "-m statistic --mode random --probability 0.50000000000";
const inList = "--name L --mask 255.255.255.255 --rsource";
const matches = [
  "",
  "-s 10.0.0.0/31",
  "! -s 10.0.0.2/32",
  "-d 10.0.0.1/32",
  "! -d 10.0.0.2/31",
  "-m mark --mark 0x1/0x1",
  "-m mark ! --mark 0x1/0x3",
  half,
  "-s 10.0.0.1/32 -m statistic --mode random ! --probability 0.25000000000",
  "-m addrtype --dst-type LOCAL",
  "-m addrtype ! --src-type LOCAL",
  "-m bpf --object-pinned /x",
  "! -o eth9",
  `! -s 10.0.0.1/32 ! -o eth9 ${half}`,
  `-m recent --rcheck --seconds 60 --reap ${inList}`,
  `-m recent --set ${inList}`,
  `${half} -m recent ! --rcheck ${inList}`,
  "-m set --match-set S src",
  "-m set ! --match-set S dst",
  "-m conntrack ! --ctstate DNAT,INVALID",
  "-p udp",
  "-p tcp -m tcp ! --dport 81",
];
const targets = [
  "-j ACCEPT",
  "-j DROP",
  "-j REJECT --reject-with icmp-port-unreachable",
  "-j RETURN",
  "-j MARK --set-xmark 0x1/0x1",
  "-j MARK --set-xmark 0x3/0x0",
  "-j DNAT --to-destination 10.0.0.1:81",
  "-j DNAT --to-destination 10.0.0.0",
  "-j MASQUERADE",
  "-j A",
  "-g A",
  "-j NFQUEUE --queue-num 1",
  "",
];
const everyRule = matches.flatMap((match) => targets.map((target) => `${match} ${target}`.trim()));

/** Every kind of match and target at least once, few enough to try all threes. */
const fewRules = [
  "-s 10.0.0.0/31 -j ACCEPT",
  "! -s 10.0.0.2/32 -j DROP",
  `${half} -j DNAT --to-destination 10.0.0.1:81`,
  "-j DNAT --to-destination 10.0.0.0",
  `${half} -j RETURN`,
  "-m set --match-set S src -j RETURN",
  "-m mark --mark 0x1/0x1 -j REJECT",
  "-m mark ! --mark 0x1/0x3 -j ACCEPT",
  "-j MARK --set-xmark 0x1/0x1",
  `! -s 10.0.0.1/32 ${half} -j MARK --set-xmark 0x3/0x0`,
  "-m bpf --object-pinned /x -j MARK --set-xmark 0x1/0x3",
  "! -o eth9 -j DROP",
  "-m bpf --object-pinned /x -j RETURN",
  "-m bpf --object-pinned /x -j A",
  "-d 10.0.0.1/32 -j A",
  "-g A",
  "-m addrtype --dst-type LOCAL -j A",
  `-s 10.0.0.2/31 -m recent --set ${inList} -j A`,
  `-m recent --rcheck --seconds 60 --reap ${inList} -j MASQUERADE`,
  `! -s 10.0.0.3/32 -m recent --set ${inList}`,
  "-j NFQUEUE --queue-num 1",
];

interface RuleSet {
  readonly main: readonly string[];
  readonly called: readonly string[];
}

const calls = (rule: string) => / ?-[jg] A$/.test(rule);

/** A list of rules, all in the built-in chain, or the last of them in a chain that is called from it. */
function* placed(rules: readonly string[]): Generator<RuleSet> {
  for (let cut = rules.length; cut >= 0; cut -= 1) {
    const [main, called] = [rules.slice(0, cut), rules.slice(cut)];
    if (called.some(calls) || (called.length > 0 && !main.some(calls))) continue;
    yield { main, called };
  }
}

function* ruleSets(): Generator<RuleSet> {
  yield { main: [], called: [] };
  for (const one of everyRule) yield* placed([one]);
  for (const [at, one] of everyRule.entries()) {
    // Half of those that call, a sixth of the others.
    for (const [beside, two] of everyRule.entries()) {
      if ((at + beside) % 6 === 0 || (calls(one) && (at + beside) % 2 === 0)) yield* placed([one, two]);
    }
  }
  for (const one of fewRules) {
    for (const two of fewRules) for (const three of fewRules) yield* placed([one, two, three]);
  }
}

const never = Array.from({ length: 8 }, (_, at) => [
  `-d 10.9.9.${at}/32 -j DROP`,
  `-p tcp -m tcp --dport ${9000 + at} -j DROP`,
]).flat();

/** What was marked shows by what comes of it; what was asked is asked again of what was translated. */
const masquerade = ["*nat", "-A POSTROUTING -m mark --mark 0x1/0x1 -j MASQUERADE", "COMMIT", ""];
const after = {
  nat: [
    ...masquerade,
    "*filter",
    ":FORWARD DROP",
    "-A FORWARD -m bpf --object-pinned /x -j REJECT",
    "-A FORWARD -m mark ! --mark 0x2/0x2 -j ACCEPT",
    "-A INPUT -m mark --mark 0x1/0x1 -j REJECT",
    "COMMIT",
    "",
  ],
  filter: masquerade,
};

/** Where the rules stand: nat and filter have chains of their own, so that each kind of rule is tried in both. */
function textOf({ main, called }: RuleSet, table: Trial["table"], padding: readonly string[]): string {
  const chain = (name: string, rules: readonly string[]) =>
    [...padding.slice(0, 8), ...rules, ...padding.slice(8)].map((rule) => `-A ${name} ${rule}`);
  const hooks = table === "nat" ? ["PREROUTING", "OUTPUT"] : ["INPUT", "FORWARD", "OUTPUT"];
  const rules = [...hooks.flatMap((hook) => chain(hook, main)), ...chain("A", called)];
  return [`*${table}`, ":A -", ...rules, "COMMIT", ...after[table]].join("\n");
}

const entries: readonly Entry[] = ["outside", "pod", "node"];

interface Trial {
  readonly rules: RuleSet;
  readonly table: "nat" | "filter";
  readonly number: number;
}

/** The kernel takes some targets only in one table. */
function tablesOf({ main, called }: RuleSet): readonly Trial["table"][] {
  const all = [...main, ...called].join("\n");
  const translates = /DNAT --to|MASQUERADE/.test(all);
  return [...(all.includes("REJECT") ? [] : ["nat" as const]), ...(translates ? [] : ["filter" as const])];
}

function outcomesOf(text: string, entry: Entry, destination: string, sources: string): readonly Outcome[] {
  const part = (file: string, content: string) => [{ file, text: content }];
  const host = readEvaluatedHost(
    { iptables: part("rules", text), ip6tables: [], ipset: part("sets", sets), ipvs: [], serviceAddresses: [] },
    { nodeAddresses: local, podRanges: [] },
  );
  const set = parseAddressSet(sources);
  if (set === undefined || host.problems.length > 0) throw new Error(JSON.stringify(host.problems));
  return evaluatePacket(host, { entry, sources: set, destination, port: 80, protocol: "tcp" });
}

function wrong({ rules, table, number }: Trial): string | undefined {
  const entry = entries[number % 3] ?? "outside";
  const destination = number % 5 < 2 ? "10.0.0.0" : "10.0.0.2";
  const text = textOf(rules, table, []);
  const host = readNaiveHost({ rules: text, sets, local });
  const outcomes = outcomesOf(text, entry, destination, world);
  const padded = number % 4 === 0 ? outcomesOf(textOf(rules, table, never), entry, destination, world) : undefined;
  for (let at = 0n; at < 4n; at += 1n) {
    const source = `10.0.0.${at}`;
    const answered = everyAnswer(host, { entry, source, destination, port: 80, protocol: "tcp", lists: new Set() });
    const found =
      difference(outcomes, base + at, answered) ??
      (padded && difference(padded, base + at, answered)) ??
      (number % 8 === 0 ? difference(outcomesOf(text, entry, destination, source), base + at, answered) : undefined);
    if (found !== undefined) return `${entry} -> ${destination}, ${found}\n${text}`;
    for (const { answers } of answered) {
      if (!sumsToOne(endsOf(outcomes, base + at, answers))) return `shares of ${source} do not sum to one\n${text}`;
    }
  }
  return undefined;
}

function sumsToOne(ends: ReadonlyMap<string, string>): boolean {
  // Few and small powers of two: numbers hold them exactly.
  return (
    [...ends.values()].reduce((sum, text) => sum + Number(text.split("/")[0]) / Number(text.split("/")[1]), 0) === 1
  );
}

test("every small rule set does in classes what it does packet by packet", () => {
  let number = 0;
  const found: string[] = [];
  for (const rules of ruleSets()) {
    const tables = tablesOf(rules);
    // Of the many threes each is tried in one table.
    const isMany = rules.main.length + rules.called.length > 2;
    for (const table of isMany ? tables.filter((_, at) => at === number % tables.length) : tables) {
      const message = found.length > 2 ? undefined : wrong({ rules, table, number });
      if (message !== undefined) found.push(message);
      number += 1;
    }
  }
  console.warn(`brute force: ${number} rule sets, four sources each`);
  expect(found).toEqual([]);
}, 120_000);
