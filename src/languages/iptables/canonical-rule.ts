import { parseRule } from "./parse-rule.ts";
import type { Match } from "./rule.ts";
import { printRule } from "./write-rule.ts";

/**
 * The canonical spelling of a rule: iptables versions and back ends differ in the order of matches and in what they
 * omit. A line that cannot be read stays as it is.
 */
export function canonicalRule(line: string): string {
  const read = parseRule({ text: line.trim(), line: 0, counters: undefined });
  if (read.kind === "broken") return line.trim();
  const asked = new Set(read.rule.matches.flatMap((match) => (match.kind === "protocol" ? [match.protocol] : [])));
  const matches = read.rule.matches.map(normalized).filter((match) => !isImplied(match, asked));
  const free = matches.filter((match) => !bound.has(match.kind)).sort((a, b) => rank(a) - rank(b));
  return printRule({ ...read.rule, matches: [...free, ...matches.filter((match) => bound.has(match.kind))] });
}

/** These matches have side effects or are random: their relative order matters. */
const bound = new Set<Match["kind"]>(["recent", "statistic", "nfacct", "unknown"]);

const order: readonly Match["kind"][] = [
  "source",
  "destination",
  "in-interface",
  "out-interface",
  "protocol",
  "comment",
  "source-port",
  "destination-port",
  "tcp-flags",
  "icmp",
  "multiport",
  "address-range",
  "address-type",
  "conntrack",
  "state",
  "mark",
  "connmark",
  "set",
  "ipvs",
  "physdev-is-in",
];

function rank(match: Match): number {
  return order.indexOf(match.kind);
}

/** `-m tcp` without options repeats `-p tcp`. */
function isImplied(match: Match, asked: ReadonlySet<string>): boolean {
  return match.kind === "destination-port" && match.ports === undefined && asked.has(match.protocol);
}

/** Each match by itself: options after one `-m` and after several mean the same. */
function normalized({ joined: _, ...match }: Match): Match {
  return match.kind === "conntrack" || match.kind === "state" ? { ...match, states: [...match.states].sort() } : match;
}
