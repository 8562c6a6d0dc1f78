import { expect, test } from "vitest";
import { parseAddressSet } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { Entry, Outcome } from "../../../src/datapath/packet.ts";
import { readEvaluatedHost } from "../../../src/languages/evaluated-host.ts";
import { everyAnswer } from "../../harness/naive/every-answer.ts";
import { readNaiveHost } from "../../harness/naive/naive-host.ts";
import { difference, endsOf } from "../../harness/naive/same-ends.ts";
import { type RuleSet, ruleSets } from "./small-rule-sets.ts";

/** A world of four addresses: .0 to .3, of which the node has .0. */
const base = 0x0a000000n;
const world = "10.0.0.0/30";
const local = ["10.0.0.0"];
const sets = "create S hash:net family inet\nadd S 10.0.0.1\nadd S 10.0.0.2/31\n";

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
  const translates = /DNAT --to|MASQUERADE|REDIRECT|NETMAP/.test(all);
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
}, 240_000);
