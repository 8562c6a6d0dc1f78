import { languageOf } from "../languages/registry.ts";
import { type Family, familyNames } from "../model/address.ts";
import type { ChangeCount } from "../reconcile/summarize-changes.ts";

export type DriftKind = "missing" | "extra" | "changed" | "reordered" | "foreign-rules-first" | "other-rules";

/** A chain that differs, or the jumps to kube-proxy's chains in a built-in one. */
export interface DriftedChain {
  readonly family: Family;
  readonly table: string;
  readonly name: string;
  /** The number of its rules as it should be; of a built-in chain only the jumps count. */
  readonly rules: number;
}

/** What packets meet because of a difference; destinations that are affected alike are one entry. */
export interface DriftTraffic {
  /** `10.96.0.10:80`, `nodePort 30080` */
  readonly destinations: readonly string[];
  /** The service ports of these destinations. */
  readonly services: readonly string[];
  /** `pods of this node`, or `anywhere`. */
  readonly from: readonly string[];
  /** What happens to the connections: `get no answer (dropped)`. */
  readonly effect: string;
  /** Other differences hide it: it shows once these are repaired. */
  readonly isHidden: boolean;
  /** False where a host has more differences than were followed: further destinations may be affected alike. */
  readonly isComplete: boolean;
}

/** One difference between a host and its desired state. */
export interface Drift {
  readonly kind: DriftKind;
  /** The difference in a sentence: `1 of 14 rules of KUBE-SERVICES is missing (nat, IPv4)`. */
  readonly what: string;
  /** The service port that is affected: `shop/web:http`, or the shared base chains. */
  readonly service: string;
  /** `nat chain KUBE-SVC-... (IPv4)` */
  readonly where: string;
  /** `- RULE` is missing, `+ RULE` is extra. */
  readonly lines: readonly string[];
  /**
   * Whether it counts as drift: foreign rules before ours that only inspect packets are reported, but are not drift.
   * Neither are rules that differ in comments only.
   */
  readonly isDrift: boolean;
  readonly chain?: DriftedChain;
  /** Which packets are treated differently; empty: none. Absent where the packets were not followed. */
  readonly traffic?: readonly DriftTraffic[];
}

type ChainDrift = Pick<Drift, "lines" | "isDrift"> & { readonly chain: DriftedChain };

/** `1 of 14 rules of KUBE-SERVICES is missing (nat, IPv4)` */
export function describeChain({ lines, isDrift, chain }: ChainDrift): string {
  const { name, rules } = chain;
  const [missing, extra] = ["- ", "+ "].map((sign) => lines.filter((line) => line.startsWith(sign)));
  const [lost, surplus] = [missing?.length ?? 0, extra?.length ?? 0];
  const isBuiltIn = languageOf.iptables.lines.isBuiltIn(name);
  const of = isBuiltIn ? `jumps of ${name} to kube-proxy chains` : `rules of ${name}`;
  const place = placeOf(chain);
  if (lines.length === 0) return `the ${of} are in another order ${place}`;
  if (rules === 1 && lost === 1 && surplus === 0 && isDrift && !isBuiltIn)
    return `the only rule of ${name} is missing ${place}`;
  if (!isDrift) return `${lost} of ${rules} ${of} differ in comments only ${place}`;
  const only = lines.length === 1 ? languageOf.iptables.lines.targetOf(lines[0] ?? "") : undefined;
  if (isBuiltIn && only !== undefined)
    return `the jump from ${name} to ${only} ${lost === 1 ? "is missing" : "should not be there"} ${place}`;
  const parts = [
    ...(lost > 0 ? [`${partOf(lost, rules)} ${of} ${lost === 1 ? "is" : "are"} missing`] : []),
    ...(surplus > 0 ? [`${lost > 0 ? surplus : countOf(surplus, of)} should not be there`] : []),
  ];
  return `${parts.join(", and ")} ${place}`;
}

/** `chain KUBE-SVC-... with its 3 rules is missing (nat, IPv4)` */
export function describeWholeChain({ kind, lines, chain }: ChainDrift & Pick<Drift, "kind">): string {
  const rules = lines.length === 0 ? "" : ` with its ${countOf(lines.length, "rule")}`;
  const end = kind === "missing" ? "is missing" : "should not be there";
  return `chain ${chain.name}${rules} ${end} ${placeOf(chain)}`;
}

function placeOf({ table, family }: DriftedChain): string {
  return `(${table}, ${familyNames[family]})`;
}

function partOf(count: number, whole: number): string {
  return count === whole && whole > 1 ? `all ${whole}` : `${count} of ${whole}`;
}

/** `3 rules`; of a phrase its first word is counted: `1 rule of KUBE-SERVICES`. */
export function countOf(count: number, what: string): string {
  const [noun = "", ...rest] = what.split(" ");
  const singular = noun.replace(/s$/, "");
  return [count, count === 1 ? singular : `${singular}s`, ...rest].join(" ");
}

/** Of sets, virtual servers, addresses and settings: `2 real servers are missing, 1 virtual server should not be there`. */
export function describeOthers(counts: readonly ChangeCount[]): string {
  const told = (side: "added" | "removed", ending: (count: number) => string): readonly string[] => {
    const found = counts.filter((count) => count[side] > 0);
    const number = found.reduce((sum, count) => sum + count[side], 0);
    return found.length === 0
      ? []
      : [
          `${found.map((count) => `${count[side]} ${nounOf(count[side], count.what)}`).join(" and ")} ${ending(number)}`,
        ];
  };
  const isSetting = counts.every(({ what }) => what === "sysctl");
  const missing = (count: number): string =>
    isSetting ? `${count === 1 ? "has" : "have"} another value` : `${count === 1 ? "is" : "are"} missing`;
  return [...told("added", missing), ...told("removed", () => "should not be there")].join(", ");
}

function nounOf(count: number, what: string): string {
  if (count === 1) return what;
  if (what.endsWith("ss")) return `${what}es`;
  return what.endsWith("ry") ? `${what.slice(0, -1)}ies` : `${what}s`;
}

const mostNamed = 3;

/** `connections to 10.96.0.10:80 from pods of this node get no answer (dropped)` */
export function describeTraffic(traffic: DriftTraffic): string {
  const { destinations, services, from, effect, isHidden, isComplete } = traffic;
  const named = destinations.slice(0, mostNamed);
  const more = destinations.length - named.length;
  const atLeast = isComplete ? "" : "at least ";
  const to = joined([...named, ...(more > 0 ? [`${atLeast}${more} more`] : [])]);
  const owners = services.length > 1 && isComplete ? ` (${services.length} service ports)` : "";
  const what = destinations.every((one) => one.startsWith("packets ")) ? to : `${nounFor(destinations)} to ${to}`;
  const later = isHidden ? ", once the other differences are repaired" : "";
  return `${what}${owners} from ${joined(from)} ${effect}${later}`;
}

function nounFor(destinations: readonly string[]): string {
  return destinations.every((one) => /\bUDP\b/.test(one)) ? "packets" : "connections";
}

function joined(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
