import { expect, test } from "vitest";
import { parseAddressSet } from "../../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../../src/datapath/evaluate-packet.ts";
import type { Entry, Outcome } from "../../../src/datapath/packet.ts";
import { readEvaluatedHost } from "../../../src/languages/evaluated-host.ts";
import { everyAnswer } from "../../harness/naive/every-answer.ts";
import { readNaiveHost } from "../../harness/naive/naive-host.ts";
import { difference } from "../../harness/naive/same-ends.ts";

/**
 * Conditions in both languages. The naive evaluator follows the iptables rules, packet by packet and sharing no code;
 * Portolan's follows those of nftables, in classes.
 */
const matches: readonly (readonly [nft: string, iptables: string])[] = [
  ["", ""],
  ["ip saddr 10.0.0.0/31", "-s 10.0.0.0/31"],
  ["ip saddr != 10.0.0.2", "! -s 10.0.0.2/32"],
  ["ip daddr 10.0.0.2", "-d 10.0.0.2/32"],
  ["ip saddr { 10.0.0.1, 10.0.0.2-10.0.0.3 }", "-m set --match-set S src"],
  ["ip saddr != @s", "-m set ! --match-set S src"],
  ["ip daddr @s", "-m set --match-set S dst"],
  ["ip saddr . ip daddr { 10.0.0.1 . 10.0.0.0, 10.0.0.1 . 10.0.0.2 }", "-s 10.0.0.1/32"],
  ["meta mark & 0x1 == 0x1", "-m mark --mark 0x1/0x1"],
  ["meta mark & 0x00000003 != 0x00000001", "-m mark ! --mark 0x1/0x3"],
  ["numgen random mod 2 0", "-m statistic --mode random --probability 0.50000000000"],
  [
    "ip saddr 10.0.0.1 numgen random mod 4 != 0",
    "-s 10.0.0.1/32 -m statistic --mode random ! --probability 0.25000000000",
  ],
  ["fib daddr type local", "-m addrtype --dst-type LOCAL"],
  ["fib saddr type != local", "-m addrtype ! --src-type LOCAL"],
  ["ip saddr @L", "-m recent --rcheck --seconds 60 --reap --name L --mask 255.255.255.255 --rsource"],
  ["update @L { ip saddr }", "-m recent --set --name L --mask 255.255.255.255 --rsource"],
  ["ct status != dnat ct state != invalid", "-m conntrack ! --ctstate DNAT,INVALID"],
  ["tcp dport 80", "-p tcp -m tcp --dport 80"],
  ["tcp dport != 81", "-p tcp -m tcp ! --dport 81"],
  ["th dport { 79, 80-82 }", "-p tcp -m multiport --dports 79,80:82"],
  ["tcp dport > 80", "-p tcp -m multiport --dports 81:65535"],
  ["meta l4proto . th dport { tcp . 80, udp . 81 }", "-p tcp -m tcp --dport 80"],
  ["ct mark & 0x1 == 0x1", "-m connmark --mark 0x1/0x1"],
  ["tcp flags syn / fin,syn,rst,ack", "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN"],
  ["ct state new,related", "-m state --state NEW,RELATED"],
  ["udp dport 80", "-p udp -m udp --dport 80"],
];

const actions: readonly (readonly [nft: string, iptables: string])[] = [
  ["accept", "-j ACCEPT"],
  ["drop", "-j DROP"],
  ["return", "-j RETURN"],
  ["reject", "-j REJECT --reject-with icmp-port-unreachable"],
  ["meta mark set meta mark | 0x1", "-j MARK --set-xmark 0x1/0x1"],
  ["meta mark set meta mark ^ 0x3", "-j MARK --set-xmark 0x3/0x0"],
  ["meta l4proto tcp dnat to 10.0.0.1:81", "-j DNAT --to-destination 10.0.0.1:81"],
  ["dnat to 10.0.0.0", "-j DNAT --to-destination 10.0.0.0"],
  ["meta l4proto tcp redirect to :81", "-j REDIRECT --to-ports 81"],
  ["jump A", "-j A"],
  ["goto A", "-g A"],
  ["ip daddr vmap { 10.0.0.0 : jump A, 10.0.0.2 : jump A }", "-j A"],
  ["ip daddr . meta l4proto . th dport vmap @to-a", "-g A"],
  [
    "meta l4proto tcp dnat ip to ip daddr map { 10.0.0.0 : 10.0.0.1 . 81, 10.0.0.2 : 10.0.0.1 . 81 }",
    "-j DNAT --to-destination 10.0.0.1:81",
  ],
  ["numgen random mod 2 vmap { 0-1 : goto A }", "-g A"],
  ["ct mark set ct mark | 0x1", "-j CONNMARK --set-xmark 0x1/0x1"],
  ["", ""],
];

const nftTexts = {
  nat: ["postrouting", "type nat hook postrouting priority 100;", "meta mark & 0x1 == 0x1 masquerade"],
  sets: `set s { type ipv4_addr; flags interval; elements = { 10.0.0.1, 10.0.0.2/31 }; }
set L { type ipv4_addr; size 65535; flags dynamic,timeout; timeout 1m; }
map to-a { type ipv4_addr . inet_proto . inet_service : verdict; elements = { 10.0.0.0 . tcp . 80 : goto A, 10.0.0.2 . tcp . 80 : goto A }; }`,
} as const;

type Pair = readonly [string, string];

const everyRule: readonly Pair[] = matches.flatMap(([match, other]) =>
  actions.map(([action, target]): Pair => [`${match} ${action}`.trim(), `${other} ${target}`.trim()]),
);
const calls = ([nft]: Pair) => /\bA\b|@to-a/.test(nft);

interface Trial {
  readonly main: readonly Pair[];
  readonly called: readonly Pair[];
}

/** Every rule alone, and many pairs: the second after the first, or in the chain that the first calls. */
function* trials(): Generator<Trial> {
  for (const [at, one] of everyRule.entries()) {
    yield { main: [one], called: [] };
    for (const [beside, two] of everyRule.entries()) {
      // Primes, so that each rule meets each kind of the other.
      if ((at + beside) % 89 !== 0 && !(calls(one) && (at + beside) % 23 === 0)) continue;
      yield { main: [one, two], called: [] };
      if (calls(one) && !calls(two)) yield { main: [one], called: [two] };
    }
  }
}

type Table = "nat" | "filter";

function tablesOf({ main, called }: Trial): readonly Table[] {
  const all = [...main, ...called].map(([, rule]) => rule).join("\n");
  const translates = /DNAT --to|REDIRECT/.test(all);
  return [...(all.includes("REJECT") ? [] : ["nat" as const]), ...(translates ? [] : ["filter" as const])];
}

function nftText({ main, called }: Trial, table: Table): string {
  const hooks = table === "nat" ? ["prerouting", "output"] : ["input", "forward", "output"];
  const priority = table === "nat" ? -100 : 0;
  const rules = (of: readonly Pair[]) => of.map(([nft]) => (nft === "" ? "counter" : nft)).join("\n");
  return [
    "table ip t {",
    nftTexts.sets,
    `chain A {\n${rules(called)}\n}`,
    ...hooks.map((hook) => `chain ${hook}-t {\ntype ${table} hook ${hook} priority ${priority};\n${rules(main)}\n}`),
    `chain post {\n${nftTexts.nat.slice(1).join("\n")}\n}`,
    "}",
    "",
  ].join("\n");
}

function iptablesText({ main, called }: Trial, table: Table): string {
  const hooks = table === "nat" ? ["PREROUTING", "OUTPUT"] : ["INPUT", "FORWARD", "OUTPUT"];
  const rules = (chain: string, of: readonly Pair[]) => of.map(([, rule]) => `-A ${chain} ${rule}`.trim());
  const after = ["*nat", "-A POSTROUTING -m mark --mark 0x1/0x1 -j MASQUERADE", "COMMIT", ""];
  return [
    `*${table}`,
    ":A -",
    ...hooks.flatMap((hook) => rules(hook, main)),
    ...rules("A", called),
    "COMMIT",
    ...after,
  ].join("\n");
}

const local = ["10.0.0.0"];
const sets = "create S hash:net family inet\nadd S 10.0.0.1\nadd S 10.0.0.2/31\n";
const entries: readonly Entry[] = ["outside", "pod", "node"];
const world = parseAddressSet("10.0.0.0/30");

function outcomesOf(text: string, entry: Entry, destination: string): readonly Outcome[] {
  const nftables = [{ file: "rules.nft", text }];
  const texts = { iptables: [], ip6tables: [], nftables, ipset: [], ipvs: [], serviceAddresses: [] };
  const host = readEvaluatedHost(texts, { nodeAddresses: local, podRanges: [] });
  if (world === undefined || host.problems.length > 0) throw new Error(JSON.stringify(host.problems));
  return evaluatePacket(host, { entry, sources: world, destination, port: 80, protocol: "tcp" });
}

function wrong(trial: Trial, table: Table, number: number): string | undefined {
  const entry = entries[number % 3] ?? "outside";
  const destination = number % 5 < 2 ? "10.0.0.0" : "10.0.0.2";
  const text = nftText(trial, table);
  const host = readNaiveHost({ rules: iptablesText(trial, table), sets, local });
  const outcomes = outcomesOf(text, entry, destination);
  for (let at = 0n; at < 4n; at += 1n) {
    const asked = {
      entry,
      source: `10.0.0.${at}`,
      destination,
      port: 80,
      protocol: "tcp",
      lists: new Set<string>(),
    } as const;
    const found = difference(outcomes, 0x0a000000n + at, everyAnswer(host, asked));
    if (found !== undefined) return `${entry} -> ${destination}, ${found}\n${text}`;
  }
  return undefined;
}

test("rules of nftables do in classes what the same rules of iptables do packet by packet", () => {
  const found: string[] = [];
  let number = 0;
  for (const trial of trials()) {
    for (const table of tablesOf(trial)) {
      const message = found.length > 2 ? undefined : wrong(trial, table, number);
      if (message !== undefined) found.push(message);
      number += 1;
    }
  }
  console.warn(`nftables beside iptables: ${number} rule sets, four sources each`);
  expect(found).toEqual([]);
}, 240_000);
