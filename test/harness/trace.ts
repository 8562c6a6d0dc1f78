import { canonicalAddress, parseAddressSet, printTarget } from "../../src/datapath/address-set.ts";
import { evaluatePacket } from "../../src/datapath/evaluate-packet.ts";
import type { EvaluatedHost } from "../../src/datapath/host.ts";
import type { Entry, Outcome, Protocol } from "../../src/datapath/packet.ts";
import { everything, plus, type Share, sameShare, shareNumber, total } from "../../src/datapath/share.ts";
import { readEvaluatedHost } from "../../src/languages/evaluated-host.ts";

/** The first packet of a connection, as packets.txt writes it. */
export interface TracedPacket {
  readonly entry: Entry;
  readonly inInterface?: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export type TracedVerdict =
  | { readonly kind: "delivered"; readonly address: string; readonly port: number; readonly masqueraded: boolean }
  | { readonly kind: "rejected" }
  | { readonly kind: "dropped" }
  | { readonly kind: "unknown" }
  | { readonly kind: "untouched"; readonly masqueraded: boolean };

export interface TracedOutcome {
  readonly share: Share;
  readonly verdict: TracedVerdict;
}

/** What a host has, as text. */
export interface HostText {
  readonly rules: { readonly ipv4: string; readonly ipv6: string };
  readonly tables?: string | undefined;
  /** Which rules packets meet first at equal priorities; undefined: nobody can tell. */
  readonly first?: "iptables" | "nftables" | undefined;
  readonly sets?: string | undefined;
  readonly servers?: string | undefined;
  readonly serviceAddresses?: readonly string[];
  readonly nodeAddresses: readonly string[];
}

/** A host out of texts that are known to be whole. */
export function tracedHost({
  rules,
  tables = "",
  first,
  sets = "",
  servers = "",
  serviceAddresses = [],
  nodeAddresses,
}: HostText): EvaluatedHost {
  const part = (text: string) => (text === "" ? [] : [{ file: "test", text }]);
  const host = readEvaluatedHost(
    {
      iptables: part(rules.ipv4),
      ip6tables: part(rules.ipv6),
      nftables: part(tables),
      ipset: part(sets),
      ipvs: part(servers),
      serviceAddresses,
    },
    { nodeAddresses, podRanges: [] },
  );
  if (host.problems.length > 0) throw new Error(JSON.stringify(host.problems));
  if (first === undefined || host.otherOrder === undefined) return host;
  const isMain = host.otherOrder.assumption.startsWith("rules of iptables come before") === (first === "nftables");
  return { ...host, stages: isMain ? host.stages : host.otherOrder.stages, otherOrder: undefined };
}

/** Where one packet ends, by chance alone: a question that the text cannot answer is an error here. */
export function tracePacket(host: EvaluatedHost, packet: TracedPacket): readonly TracedOutcome[] {
  const sources = parseAddressSet(packet.source);
  if (sources === undefined) throw new Error(`${packet.source} is not an IP address`);
  const outcomes = evaluatePacket(host, { ...packet, sources, destination: canonicalAddress(packet.destination) });
  const [unknown] = outcomes.flatMap(({ assumptions }) => assumptions);
  if (unknown !== undefined) throw new Error(`nobody can tell: ${unknown.what}`);
  if (!sameShare(total(outcomes.map(({ share }) => share)), everything)) throw new Error("shares do not sum to one");
  return merge(outcomes.map((outcome) => ({ share: outcome.share, verdict: verdictOf(outcome) })));
}

function verdictOf({ verdict, masqueraded }: Outcome): TracedVerdict {
  if (verdict.kind === "delivered") return { kind: "delivered", ...verdict.target, masqueraded };
  return verdict.kind === "untouched" ? { kind: "untouched", masqueraded } : { kind: verdict.kind };
}

function merge(outcomes: readonly TracedOutcome[]): readonly TracedOutcome[] {
  const merged = new Map<string, TracedOutcome>();
  for (const outcome of outcomes) {
    const key = printVerdict(outcome.verdict);
    const before = merged.get(key);
    merged.set(key, before === undefined ? outcome : { ...outcome, share: plus(before.share, outcome.share) });
  }
  return [...merged].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, outcome]) => outcome);
}

export function printVerdict(verdict: TracedVerdict): string {
  switch (verdict.kind) {
    case "delivered":
      return `${printTarget(verdict)} ${verdict.masqueraded ? "masqueraded" : "source kept"}`;
    case "untouched":
      return verdict.masqueraded ? "untouched masqueraded" : "untouched";
    case "rejected":
      return "reject";
    case "dropped":
      return "drop";
    case "unknown":
      return "unknown";
  }
}

export function printOutcomes(outcomes: readonly TracedOutcome[]): string {
  const percent = (value: Share) => `${Number((shareNumber(value) * 100).toFixed(4))}%`;
  return outcomes.map(({ share, verdict }) => `${printVerdict(verdict)} (${percent(share)})`).join(" | ");
}
