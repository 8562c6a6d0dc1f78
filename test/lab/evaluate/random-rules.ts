import { addresses } from "../traffic/topology.ts";

/** A small rule set for packets to one port, in chains of its own, and the port its translations lead to. */
export interface RandomRules {
  readonly port: number;
  readonly translatedPort: number;
  readonly usesChance: boolean;
  readonly text: Readonly<Record<"nat" | "filter" | "mangle", readonly string[]>>;
}

type Pick = <T>(list: readonly T[]) => T;

/** Mulberry32: the same rules each time. */
export function seededPick(seed: number): Pick {
  let state = seed;
  return (list) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    const value = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return list[Math.floor(value * list.length)] as (typeof list)[number];
  };
}

export const setNames = { sources: "SOURCES", targets: "TARGETS" } as const;

/** Rules of one family that only use what the evaluator knows. */
export function randomRules(at: number, family: 0 | 1, pick: Pick): RandomRules {
  const [port, translatedPort] = [9000 + at, 10_000 + at];
  const ip = (name: keyof typeof addresses) => addresses[name][family] as string;
  const bits = family === 0 ? 32 : 128;
  const names = setNames;
  const sources = ["client", "stranger", "a2", "node1"] as const;
  const coin = () =>
    `-m statistic --mode random --probability ${pick(["0.50000000000", "0.33333333349", "0.20000000019"])}`;
  const matches = [
    () => "",
    () => `${pick(["", "! "])}-s ${ip(pick(sources))}/${bits}`,
    () => `-s ${family === 0 ? "192.0.2.0/25" : "2001:db8:2::/64"}`,
    () => `${pick(["", "! "])}-d ${ip(pick(["a1", "b1", "node1"] as const))}/${bits}`,
    () => `-m mark ${pick(["", "! "])}--mark 0x1/0x1`,
    () => `-m mark --mark ${pick(["0x2/0x3", "0x0/0x3"])}`,
    () => `-m addrtype ${pick(["", "! "])}--dst-type LOCAL`,
    () => `-m addrtype ${pick(["", "! "])}--src-type LOCAL`,
    () => `-m set ${pick(["", "! "])}--match-set ${names.sources}${family} src`,
    () => `-m set ${pick(["", "! "])}--match-set ${names.targets}${family} dst,dst`,
  ];
  const bracket = (address: string) => (family === 0 ? address : `[${address}]`);
  const dnat = () => `-j DNAT --to-destination ${bracket(ip(pick(["a1", "b1", "node1"] as const)))}:${translatedPort}`;
  const mark = () => `-j MARK --set-xmark ${pick(["0x1/0x1", "0x2/0x3", "0x1/0x0"])}`;
  const [main, called, after, kept] = ["N", "S", "P", "F"].map((letter) => `${letter}${at}`) as [
    string,
    string,
    string,
    string,
  ];
  const many = <T>(counts: readonly number[], make: () => T): readonly T[] =>
    Array.from({ length: pick(counts) }, make);
  const rule = (chain: string, match: string, target: string) =>
    `-A ${chain} -p PROTOCOL ${match} ${target}`.replace(/ +/g, " ");
  // `-m tcp` or `-m udp` is needed by nobody, but -p is, by DNAT to a port; so both protocols get the same rules.
  const forBoth = (lines: readonly string[]) =>
    lines.flatMap((line) => ["tcp", "udp"].map((protocol) => line.replace("PROTOCOL", protocol)));
  const usesChance = pick([true, true, false]);
  const natMatch = () => (usesChance && pick([true, false]) ? `${pick(matches)()} ${coin()}` : pick(matches)());
  const nat = [
    ...many([1, 2, 3, 4], () =>
      rule(
        main,
        natMatch(),
        pick([dnat, dnat, mark, () => `-j ${called}`, () => `-g ${called}`, () => "-j RETURN", () => "-j ACCEPT"])(),
      ),
    ),
    ...many([1, 2, 3], () => rule(called, natMatch(), pick([dnat, dnat, mark, () => "-j RETURN"])())),
    ...many([0, 1, 2], () =>
      rule(after, pick(matches.slice(0, 6))(), pick(["-j MASQUERADE", "-j RETURN", "-j ACCEPT"])),
    ),
  ];
  const reject = `-j REJECT --reject-with ${family === 0 ? "icmp-port-unreachable" : "icmp6-port-unreachable"}`;
  const filterMatches = [...matches, () => `-m conntrack ${pick(["", "! "])}--ctstate DNAT`];
  const filter = many([0, 0, 1, 2], () =>
    rule(kept, pick(filterMatches)(), pick(["-j DROP", reject, "-j RETURN", "-j ACCEPT"])),
  );
  return { port, translatedPort, usesChance, text: { nat: forBoth(nat), filter: forBoth(filter), mangle: [] } };
}

/** All of them behind the hooks, each reached by its ports. */
export function loadable(sets: readonly RandomRules[]): string {
  const chains = (letters: string) => sets.flatMap((_, at) => [...letters].map((letter) => `:${letter}${at} - [0:0]`));
  const lead = (hook: string, letter: string, ports: readonly ("port" | "translatedPort")[]) =>
    sets.flatMap((set, at) =>
      ports.flatMap((port) =>
        ["tcp", "udp"].map(
          (protocol) => `-A ${hook} -p ${protocol} -m ${protocol} --dport ${set[port]} -j ${letter}${at}`,
        ),
      ),
    );
  const seen = "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT";
  const hooks = ["INPUT", "FORWARD", "OUTPUT"];
  return [
    "*nat",
    ...chains("NSP"),
    ...["PREROUTING", "OUTPUT"].flatMap((hook) => lead(hook, "N", ["port"])),
    ...lead("POSTROUTING", "P", ["port", "translatedPort"]),
    ...sets.flatMap(({ text }) => text.nat),
    "COMMIT",
    "*filter",
    ...chains("F"),
    ...hooks.flatMap((hook) => [`-A ${hook} ${seen}`, ...lead(hook, "F", ["port", "translatedPort"])]),
    ...sets.flatMap(({ text }) => text.filter),
    "COMMIT",
    "",
  ].join("\n");
}
