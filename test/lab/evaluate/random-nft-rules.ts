import { addresses } from "../traffic/topology.ts";
import type { RandomRules, seededPick } from "./random-rules.ts";

export const nftSets = { sources: "sources", targets: "targets" } as const;

type Pick = ReturnType<typeof seededPick>;

const sources = ["client", "stranger", "a2", "node1"] as const;
const servers = ["a1", "b1", "node1"] as const;

/** Rules of one family in nft's words that only use what the evaluator knows: matches, sets, maps, shares, marks. */
export function randomNftRules(at: number, family: 0 | 1, pick: Pick): RandomRules {
  const [port, translatedPort] = [9000 + at, 10_000 + at];
  const words = wordsFor(family, translatedPort, pick);
  const [main, called, after, kept] = ["N", "S", "P", "F"].map((letter) => `${letter}${at}`) as [
    string,
    string,
    string,
    string,
  ];
  const usesChance = pick([true, true, false]);
  const natMatch = () =>
    usesChance && pick([true, false]) ? `${pick(words.matches)()} ${words.coin()}` : pick(words.matches)();
  const many = (chain: string, counts: readonly number[], make: () => string): readonly string[] =>
    Array.from({ length: pick(counts) }, () => `add rule ${words.table} ${chain} ${make()}`.replace(/ +/g, " ").trim());
  const sharing = usesChance ? [() => words.shared(called), words.dnatShared] : [];
  const leads = [() => `jump ${called}`, () => `goto ${called}`, () => words.bySource(called), ...sharing];
  const ends = [() => "return", () => "accept"];
  const reject = "reject with icmpx type port-unreachable".replace("icmpx", family === 0 ? "icmp" : "icmpv6");
  const nat = [
    ...many(
      main,
      [1, 2, 3, 4],
      () => `${natMatch()} ${pick([words.dnat, words.dnat, words.mark, ...leads, ...ends])()}`,
    ),
    ...many(
      called,
      [1, 2, 3],
      () => `${natMatch()} ${pick([words.dnat, words.dnatByMap, words.mark, () => "return"])()}`,
    ),
    ...many(after, [0, 1, 2], () => `${pick(words.matches.slice(0, 8))()} ${pick(["masquerade", "return", "accept"])}`),
  ];
  const filterMatches = [...words.matches, () => `ct status ${pick(["", "!= "])}dnat`];
  const filter = many(
    kept,
    [0, 0, 1, 2],
    () => `${pick(filterMatches)()} ${pick(["drop", reject, "return", "accept"])}`,
  );
  return { port, translatedPort, usesChance, text: { nat, filter, mangle: [] } };
}

interface Words {
  readonly table: string;
  readonly matches: readonly (() => string)[];
  readonly coin: () => string;
  readonly dnat: () => string;
  readonly dnatByMap: () => string;
  readonly dnatShared: () => string;
  readonly mark: () => string;
  readonly bySource: (chain: string) => string;
  readonly shared: (chain: string) => string;
}

function wordsFor(family: 0 | 1, translatedPort: number, pick: Pick): Words {
  const ip = (name: keyof typeof addresses) => addresses[name][family] as string;
  const version = family === 0 ? "ip" : "ip6";
  const not = () => pick(["", "!= "]);
  const server = () => ip(pick(servers));
  const target = () => `${family === 0 ? server() : `[${server()}]`}:${translatedPort}`;
  const ported = "meta l4proto { tcp, udp } ";
  const pair = () => `${server()} . ${translatedPort}`;
  return {
    table: `${version} lab`,
    matches: [
      () => "",
      () => `${version} saddr ${not()}${ip(pick(sources))}`,
      () => `${version} saddr ${not()}${family === 0 ? "192.0.2.0/25" : "2001:db8:2::/64"}`,
      () => `${version} daddr ${not()}${server()}`,
      () => `meta mark & 0x1 ${pick(["==", "!="])} 0x1`,
      () => `meta mark & 0x3 == ${pick(["0x2", "0x0"])}`,
      () => `${version} saddr ${not()}{ ${ip("client")}, ${ip("a2")} }`,
      () => `meta l4proto ${not()}${pick(["tcp", "udp"])}`,
      () => `fib daddr type ${not()}local`,
      () => `fib saddr type ${not()}local`,
      () => `${version} saddr ${not()}@${nftSets.sources}`,
      () => `${version} daddr . meta l4proto . th dport ${not()}@${nftSets.targets}`,
      () =>
        `${version} saddr . ${version} daddr { ${ip(pick(sources))} . ${ip("a1")}, ${ip(pick(sources))} . ${ip("b1")} }`,
      () => `th dport ${pick(["<", ">="])} ${9000 + pick([10, 20, 30])}`,
    ],
    coin: () => pick(["numgen random mod 2 0", "numgen random mod 3 < 1", "numgen random mod 5 != 4"]),
    dnat: () => `${ported}dnat to ${target()}`,
    dnatByMap: () =>
      `${ported}dnat ${version} to ${version} saddr map { ${ip("client")} : ${pair()}, ${ip("a2")} : ${pair()} }`,
    dnatShared: () =>
      `${ported}dnat ${version} to numgen random mod 3 map { 0 : ${pair()}, 1 : ${pair()}, 2 : ${pair()} }`,
    mark: () => `meta mark set ${pick(["meta mark | 0x1", "meta mark & 0xfffffffc | 0x2", "meta mark ^ 0x1", "0x1"])}`,
    bySource: (chain) =>
      `${version} saddr vmap { ${ip("client")} : jump ${chain}, ${ip("stranger")} : goto ${chain}, ${ip("a2")} : return }`,
    shared: (chain) => `numgen random mod 4 vmap { 0 : jump ${chain}, 1-2 : goto ${chain} }`,
  };
}

/** All of them behind base chains, each reached through a map by its ports. */
export function loadableTable(rules: readonly RandomRules[], family: 0 | 1): string {
  const ip = (name: keyof typeof addresses) => addresses[name][family] as string;
  const type = family === 0 ? "ipv4_addr" : "ipv6_addr";
  const ports = (letter: string, which: readonly ("port" | "translatedPort")[]) =>
    rules.flatMap((one, at) =>
      which.flatMap((name) => ["tcp", "udp"].map((protocol) => `${protocol} . ${one[name]} : jump ${letter}${at}`)),
    );
  const targets = rules.flatMap((_, at) => {
    const address = ip(servers[at % 3] ?? "a1");
    return [`${address} . ${at % 2 === 0 ? "tcp" : "udp"} . ${9000 + at}`, `${address} . udp . ${10_000 + at}`];
  });
  const map = (name: string, elements: readonly string[]) =>
    `map ${name} { type inet_proto . inet_service : verdict; elements = { ${elements.join(", ")} }; }`;
  const base = (name: string, hook: string, kind: string) =>
    `chain ${name} { type ${kind} hook ${hook} priority ${kind === "filter" ? 0 : hook === "postrouting" ? 100 : -100}; }`;
  const table = `${family === 0 ? "ip" : "ip6"} lab`;
  const kinds = { N: ["prerouting", "output"], P: ["postrouting"], F: ["input", "forward", "output"] } as const;
  const hooks = Object.entries(kinds).flatMap(([letter, names]) => names.map((hook) => ({ letter, hook })));
  return [
    `table ${table} {`,
    `set ${nftSets.sources} { type ${type}; elements = { ${ip("client")}, ${ip("a2")} }; }`,
    `set ${nftSets.targets} { type ${type} . inet_proto . inet_service; elements = { ${targets.join(", ")} }; }`,
    ...["N", "S", "P", "F"].flatMap((letter) => rules.map((_, at) => `chain ${letter}${at} { }`)),
    ...hooks.map(({ letter, hook }) => base(`${letter}-${hook}`, hook, letter === "F" ? "filter" : "nat")),
    "}",
    `table ${table} {`,
    map("nat-ports", ports("N", ["port"])),
    map("after-ports", ports("P", ["port", "translatedPort"])),
    map("filter-ports", ports("F", ["port", "translatedPort"])),
    "}",
    ...rules.flatMap(({ text }) => [...text.nat, ...text.filter]),
    ...hooks.flatMap(({ letter, hook }) => {
      const name = letter === "N" ? "nat-ports" : letter === "P" ? "after-ports" : "filter-ports";
      const seen = letter === "F" ? [`add rule ${table} ${letter}-${hook} ct state related,established accept`] : [];
      return [...seen, `add rule ${table} ${letter}-${hook} meta l4proto . th dport vmap @${name}`];
    }),
    "",
  ].join("\n");
}
