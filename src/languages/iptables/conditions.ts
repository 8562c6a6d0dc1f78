import { type Cidr, parseCidr } from "../../model/address.ts";
import type { Match } from "./rule.ts";

/** The conditions of a rule, without those that every packet meets. */
export function conditionsOf(matches: readonly Match[]): readonly Match[] {
  return matches.filter((match) => !isAlways(match, matches));
}

/** Whether all conditions of a rule are repeatable. */
export function areRepeatable(matches: readonly Match[]): boolean {
  return matches.every((match) => isRepeatable(match) || isAlways(match, matches));
}

function isAlways(match: Match, all: readonly Match[]): boolean {
  switch (match.kind) {
    case "comment":
    case "nfacct":
      return true;
    case "statistic":
      return !match.negated && match.threshold === 2 ** 31;
    case "source":
    case "destination":
      return !match.negated && /^(?:0\.0\.0\.0|::)\/0$/.test(match.range);
    // `-m tcp` without options repeats `-p tcp`.
    case "destination-port":
      return match.ports === undefined && all.some((other) => other.kind === "protocol" && !other.negated);
    default:
      return false;
  }
}

/** Modules whose result for a packet is the same at every rule of a table. */
const steadyWords =
  /^(?:! )?(?:-f|-m (?:multiport|icmp|icmp6|tcp|udp|sctp|pkttype|iprange|mac|owner|length|physdev))\b/;

/** Whether the result cannot change while the packet traverses a table. */
export function isSteady(match: Match): boolean {
  switch (match.kind) {
    case "source":
    case "destination":
    case "in-interface":
    case "out-interface":
    case "protocol":
    case "source-port":
    case "destination-port":
    case "tcp-flags":
    case "multiport":
    case "address-range":
    case "icmp":
    case "address-type":
    case "conntrack":
    case "state":
    case "ipvs":
    case "physdev-is-in":
      return true;
    case "unknown":
      return steadyWords.test(match.words.join(" "));
    case "comment":
    case "nfacct":
    case "mark":
    case "connmark":
    case "set":
    case "recent":
    case "statistic":
      return false;
  }
}

/** Whether the result is the same as long as no rule in between changes marks or sets. */
export function isRepeatable(match: Match): boolean {
  return isSteady(match) || match.kind === "mark" || match.kind === "connmark" || match.kind === "set";
}

/** Whether every packet that meets all of `given` meets `wanted` too. False where that is not certain. */
export function implies(given: readonly Match[], wanted: Match): boolean {
  return given.some((match) => impliesOne(match, wanted));
}

function impliesOne(given: Match, wanted: Match): boolean {
  if (ofOneProtocol(given) && wanted.kind === "protocol") {
    return given.protocol === wanted.protocol && !wanted.negated;
  }
  if (given.kind !== wanted.kind) return false;
  if (given.kind === "source" || given.kind === "destination") return impliesRange(given, wanted as typeof given);
  if (given.kind === "destination-port" || given.kind === "source-port")
    return impliesPorts(given, wanted as typeof given);
  if (given.kind === "in-interface" || given.kind === "out-interface")
    return impliesInterface(given, wanted as typeof given);
  if (given.kind === "conntrack" || given.kind === "state") {
    const { states, negated } = wanted as typeof given;
    return !given.negated && !negated && given.states.every((state) => states.includes(state));
  }
  return JSON.stringify({ ...given, joined: undefined }) === JSON.stringify({ ...wanted, joined: undefined });
}

function ofOneProtocol(match: Match): match is Extract<Match, { readonly kind: "destination-port" | "source-port" }> {
  return match.kind === "destination-port" || match.kind === "source-port";
}

interface RangeMatch {
  readonly range: string;
  readonly negated: boolean;
}

function impliesRange(given: RangeMatch, wanted: RangeMatch): boolean {
  if (given.range === wanted.range) return given.negated === wanted.negated;
  const a = networkOf(given.range);
  const b = networkOf(wanted.range);
  if (a === undefined || b === undefined || a.family !== b.family) return false;
  if (!given.negated && !wanted.negated) return isWithin(a, b);
  // Outside the larger network is outside the smaller; inside one of two disjoint networks is outside the other.
  if (given.negated && wanted.negated) return isWithin(b, a);
  return !given.negated && !isWithin(a, b) && !isWithin(b, a);
}

/** A single address counts as a network; undefined for masks that are not a prefix. */
export function networkOf(range: string): Cidr | undefined {
  // A rule is compared by its range more than once, and then the next one is.
  if (range === lastRange) return lastNetwork;
  lastRange = range;
  lastNetwork = parseCidr(range.includes("/") ? range : `${range}/${range.includes(":") ? 128 : 32}`);
  return lastNetwork;
}

let lastRange: string | undefined;
let lastNetwork: Cidr | undefined;

function isWithin(inner: Cidr, outer: Cidr): boolean {
  if (inner.prefix < outer.prefix) return false;
  const address = inner.text.slice(0, inner.text.indexOf("/"));
  return parseCidr(`${address}/${outer.prefix}`)?.text === outer.text;
}

type PortMatch = Extract<Match, { readonly kind: "destination-port" | "source-port" }>;

function impliesPorts(given: PortMatch, wanted: PortMatch): boolean {
  if (given.protocol !== wanted.protocol) return false;
  if (wanted.ports === undefined) return true;
  if (given.ports === undefined) return false;
  const isInside = given.ports.from >= wanted.ports.from && given.ports.to <= wanted.ports.to;
  const isAround = given.ports.from <= wanted.ports.from && given.ports.to >= wanted.ports.to;
  const isApart = given.ports.to < wanted.ports.from || given.ports.from > wanted.ports.to;
  if (!given.negated) return wanted.negated ? isApart : isInside;
  return wanted.negated && isAround;
}

interface NameMatch {
  readonly name: string;
  readonly negated: boolean;
}

function impliesInterface(given: NameMatch, wanted: NameMatch): boolean {
  if (given.name === wanted.name) return given.negated === wanted.negated;
  const isPattern = wanted.name.endsWith("+");
  return !given.negated && !wanted.negated && isPattern && given.name.startsWith(wanted.name.slice(0, -1));
}
