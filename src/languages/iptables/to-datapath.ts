import type { PacketRule, Predicate, RuleReader, Side } from "../../ir/datapath.ts";
import { protocolName } from "../protocol-name.ts";
import { parseRule } from "./parse-rule.ts";
import type { Match, Rule } from "./rule.ts";
import { actionOf } from "./to-action.ts";
import { printMatch } from "./write-rule.ts";

const language = "iptables";

/** Converts lines of iptables-save for the datapath. */
export const iptablesReader: RuleReader = {
  read: ({ text, number }) => {
    const read = parseRule({ text, line: number, counters: undefined });
    if (read.kind === "rule") return packetRuleOf(read.rule);
    return { line: number, text, predicates: [], action: { kind: "unknown", text, ends: false }, language };
  },
  // Nearly all rules of a chain that is long enough for an index begin like this.
  peekDestination: (text) => {
    const [, v4, v6] = destinationFirst.exec(text) ?? [];
    return v4 ?? v6;
  },
  mayAskDestination: (text) => destinationOptions.some((option) => text.includes(option)),
  mayTranslate: (text) => translations.some((target) => text.includes(target)),
  targetsOf: (text) => [lastTarget(text)],
  setsOf: () => none,
  // Nearly all rules that translate end like this.
  peekTranslations: (text) => {
    const at = text.lastIndexOf(toDestination);
    const [, v4, v6] = at < 0 ? [] : (oneTarget.exec(text.slice(at + toDestination.length)) ?? []);
    const one = v4 ?? v6;
    return one === undefined ? undefined : [one];
  },
};

const none: readonly string[] = [];

/** The word after the last `-j` or `-g`. Inside quotes it may be wrong; then a chain is only evaluated needlessly. */
function lastTarget(line: string): string {
  const at = Math.max(line.lastIndexOf(" -j "), line.lastIndexOf(" -g ")) + 4;
  const end = line.indexOf(" ", at);
  return line.slice(at, end < 0 ? undefined : end);
}

const destinationFirst = /^-A \S+ -d (?:([\d.]+)\/32|([\da-f:]+)\/128) /;
const destinationOptions = [" --dport ", " -d ", " --dports ", " --ports ", " --dst-"];
const toDestination = " -j DNAT --to-destination ";
const oneTarget = /^(?:([\d.]+)|\[([\da-f:]+)\]):\d+$/;
const translations = [" DNAT ", " REDIRECT", " NETMAP ", " TPROXY "];

/** Converts a rule for the datapath. */
export function packetRuleOf({ line, text, matches, target }: Rule): PacketRule {
  return { line, text, predicates: matches.flatMap(predicatesOf), action: actionOf(target), language };
}

function predicatesOf(match: Match): readonly Predicate[] {
  const { negated } = match;
  switch (match.kind) {
    case "comment":
    case "nfacct":
      return [];
    case "unknown":
      return [unknownOf(match.words)];
    case "protocol":
      if (isEveryProtocol(match.protocol)) return negated ? [{ kind: "never", negated: false, text: "-p all" }] : [];
      return [predicateOf(match, { negated, text: `-p ${match.protocol}` })];
    case "source":
    case "destination":
    case "address-range":
    case "in-interface":
    case "out-interface":
    case "source-port":
    case "destination-port":
    case "multiport":
    case "tcp-flags":
    case "icmp":
    case "address-type":
    case "conntrack":
    case "state":
    case "mark":
    case "connmark":
    case "recent":
    case "statistic":
    case "set":
    case "ipvs":
    case "physdev-is-in":
      // The condition as the rule spells it, without `!`.
      return [
        predicateOf(match, { negated, text: printMatch(negated || match.joined ? withoutNegation(match) : match) }),
      ];
  }
}

type AskingMatch = Exclude<Match, { readonly kind: "comment" | "nfacct" | "unknown" }>;

function predicateOf(match: AskingMatch, asked: Asked): Predicate {
  switch (match.kind) {
    case "source":
    case "destination":
      return { kind: "address-in", side: match.kind, ranges: [match.range], ...asked };
    case "address-range":
      return { kind: "address-in", side: match.side, ranges: [`${match.from}-${match.to}`], ...asked };
    case "in-interface":
    case "out-interface":
      return interfaceOf(match.kind === "in-interface" ? "in" : "out", match.name, asked);
    case "protocol":
      return { kind: "protocol", protocol: protocolName(match.protocol), ...asked };
    case "source-port":
      return { kind: "port-in", side: "source", protocol: match.protocol, ports: [match.ports], ...asked };
    case "destination-port": {
      const ports = match.ports && [match.ports];
      return { kind: "port-in", side: "destination", protocol: match.protocol, ports, ...asked };
    }
    case "multiport":
      return { kind: "port-in", side: match.side, protocol: undefined, ports: match.ports, ...asked };
    case "tcp-flags":
      return { kind: "tcp-flags", mask: match.mask, set: match.set, ...asked };
    case "address-type":
      return addressTypeOf(match, asked);
    case "conntrack":
    case "state":
      return { kind: "connection-state", states: match.states, ...asked };
    case "mark":
    case "connmark": {
      const of = match.kind === "mark" ? "packet" : "connection";
      return { kind: "mark", of, value: match.value, mask: match.mask, ...asked };
    }
    case "recent":
      return recentOf(match);
    case "statistic":
      return { kind: "chance", numerator: match.threshold, denominator: 2 ** 31, ...asked };
    case "set":
      return { kind: "lookup", set: match.name, sides: match.sides.map(sideOf), ...asked };
    case "ipvs": {
      const { address, port } = match;
      return { kind: "balanced", protocol: protocolName(String(match.protocol)), address, port, ...asked };
    }
    case "physdev-is-in":
      return { kind: "bridge-port", ...asked };
    case "icmp":
      return icmpOf(match, asked);
  }
}

function sideOf(side: "src" | "dst"): Side {
  return side === "src" ? "source" : "destination";
}

function recentOf({ negated, action, seconds, name: list, side }: Extract<Match, { kind: "recent" }>): Predicate {
  const text = `-m recent --${action} --name ${list} --${side}`;
  return { kind: "recent", action, seconds, list, side: side === "rsource" ? "source" : "destination", negated, text };
}

function withoutNegation({ joined: _, ...match }: Match): Match {
  return { ...match, negated: false };
}

type Asked = Pick<Predicate, "negated" | "text">;

function interfaceOf(side: "in" | "out", name: string, asked: Asked): Predicate {
  const isPrefix = name.endsWith("+");
  return { kind: "interface", side, name: isPrefix ? name.slice(0, -1) : name, isPrefix, ...asked };
}

function isEveryProtocol(protocol: string): boolean {
  return protocol === "all" || protocol === "0";
}

const echoRequests: Readonly<Record<"icmp" | "icmpv6", ReadonlySet<string>>> = {
  icmp: new Set(["8", "8/0", "echo-request", "ping"]),
  icmpv6: new Set(["128", "128/0", "echo-request", "ping"]),
};

function icmpOf({ protocol: module, type }: Extract<Match, { kind: "icmp" }>, asked: Asked): Predicate {
  const protocol = module === "icmp" ? "icmp" : "icmpv6";
  if (type !== "any") return { kind: "icmp-type", protocol, isEcho: echoRequests[protocol].has(type), ...asked };
  return asked.negated ? { kind: "never", ...asked, negated: false } : { kind: "protocol", protocol, ...asked };
}

/** The kernel's address types; LOCAL depends on the host. */
const typedRanges: Readonly<Record<string, readonly string[]>> = {
  MULTICAST: ["224.0.0.0/4", "ff00::/8"],
  BROADCAST: ["255.255.255.255/32"],
};

function addressTypeOf({ side, type }: Extract<Match, { kind: "address-type" }>, asked: Asked): Predicate {
  if (type === "LOCAL") return { kind: "local-address", side, ...asked };
  const ranges = typedRanges[type];
  if (ranges === undefined || side === "source") return { kind: "unknown", isFickle: false, ...asked };
  return { kind: "address-in", side, ranges, ...asked };
}

/** The result differs for each packet or rule: one answer does not determine the next. */
const fickle = /^-m (?:limit|hashlimit|quota|statistic|connlimit|connbytes|rateest) /;

function unknownOf(words: readonly string[]): Predicate {
  const negated = words[0] === "!";
  const [option, module, ...rest] = negated ? words.slice(1) : words;
  const text = [option, module, ...rest].filter((word) => word !== undefined).join(" ");
  // Evaluated packets are not fragments.
  if (option === "-f") return { kind: "never", negated, text };
  const isOfProtocol = option === "-m" && (module === "tcp" || module === "udp" || module === "sctp");
  if (option === "-m" && (module === "icmp" || module === "icmp6")) {
    const protocol = module === "icmp" ? "icmp" : "icmpv6";
    if (rest.length === 0) return { kind: "protocol", protocol, negated, text };
    return { kind: "unknown", isFickle: false, protocol, negated, text };
  }
  return isOfProtocol
    ? { kind: "unknown", isFickle: false, protocol: module, negated, text }
    : { kind: "unknown", isFickle: fickle.test(text), negated, text };
}
