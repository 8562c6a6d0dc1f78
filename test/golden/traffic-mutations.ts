import { checkHosts, readHosts } from "../../src/check/text/check-host.ts";
import { askingOf, endpointAddresses, evaluate } from "../../src/check/traffic/check-traffic.ts";
import { keyOf, type ServiceDestination, serviceDestinations } from "../../src/check/traffic/service-destinations.ts";
import { type Source, sourcesFor } from "../../src/check/traffic/source-classes.ts";
import { readTrafficHost } from "../../src/check/traffic/traffic-host.ts";
import { printTarget } from "../../src/datapath/address-set.ts";
import { isLocal } from "../../src/datapath/match-packet.ts";
import type { Outcome } from "../../src/datapath/packet.ts";
import { createSink, type Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import type { HostDocument } from "../../src/ir/artifact.ts";

/** One change of a dump, as somebody or something makes it. */
export interface Mutation {
  readonly name: string;
  readonly text: string;
}

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Deletes, moves or changes a rule, flushes a chain, sets a policy or inserts a rule. Undefined: not possible here. */
export function mutate(text: string, random: () => number): Mutation | undefined {
  const lines = text.split("\n");
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const rules = lines.flatMap((line, at) => (line.startsWith("-A ") ? [at] : []));
  const at = pick(rules);
  const line = lines[at] ?? "";
  const chain = line.split(" ")[1] ?? "";
  const without = lines.filter((_, index) => index !== at);
  const result = (name: string, changed: readonly string[]): Mutation => ({
    name: `${name}: ${line}`,
    text: changed.join("\n"),
  });
  switch (pick(["delete", "delete", "move", "change", "flush", "policy", "insert"] as const)) {
    case "delete":
      return result("delete", without);
    case "move": {
      const table = lines.slice(0, at).findLastIndex((each) => each.startsWith("*"));
      const first = lines.findIndex((each, index) => index > table && each.startsWith(`-A ${chain} `));
      const to = first === at ? lines.slice(at).findIndex((each) => !each.startsWith(`-A ${chain} `)) + at - 1 : first;
      return to === at ? undefined : result("move", [...without.slice(0, to), line, ...without.slice(to)]);
    }
    case "change": {
      const [from, into] = pick(changes);
      const changed = line.replace(from, into);
      return changed === line ? undefined : result(`change to ${changed}`, lines.with(at, changed));
    }
    case "flush":
      return result(
        `flush ${chain}`,
        lines.filter((each) => !each.startsWith(`-A ${chain} `)),
      );
    case "policy": {
      const policies = lines.flatMap((each, index) => (/^:[A-Z]+ ACCEPT/.test(each) ? [index] : []));
      const index = pick(policies);
      return {
        name: `policy of ${lines[index]}`,
        text: lines.with(index, (lines[index] ?? "").replace("ACCEPT", "DROP")).join("\n"),
      };
    }
    case "insert": {
      const inserted = `-A ${chain} ${pick(insertions)}`;
      return result(`insert ${inserted} before`, [...lines.slice(0, at), inserted, ...lines.slice(at)]);
    }
  }
}

const changes: readonly (readonly [RegExp, string])[] = [
  [/-j KUBE-MARK-MASQ$/, "-j RETURN"],
  [/-j ACCEPT$/, "-j DROP"],
  [/-j KUBE-S\S+$/, "-j ACCEPT"],
  [/-j DNAT --to-destination \d+\./, "-j DNAT --to-destination 9."],
  [/0x4000\/0x4000$/, "0x8000/0x8000"],
  [/--probability 0\.\d+/, "--probability 0.10000000009"],
  [/ -j RETURN$/, " -j ACCEPT"],
  [/ -m mark ! --mark/, " -m mark --mark"],
  [/-s 10\.201\.0\.0\/16/, "-s 10.9.0.0/16"],
  [/ -p tcp /, " -p udp "],
];

const insertions = ["-j ACCEPT", "-j DROP", "-s 10.201.0.0/16 -j ACCEPT", "-j RETURN", "-p udp -j DROP"];

/** What becomes of the packets from one source to one address of a Service. */
export interface Fate {
  readonly destination: ServiceDestination;
  readonly source: Source;
  readonly outcomes: readonly Outcome[];
}

export function documentOf(text: string): HostDocument | undefined {
  return readHosts("", [{ name: "dump", text, document: 0, isFromFolder: false }], createSink())[0];
}

/** The packets that a dump lets one ask about, each with its source. */
export function questionsIn(document: HostDocument) {
  const traffic = readTrafficHost(document);
  if (traffic === undefined) return [];
  const { pods } = askingOf(traffic);
  return serviceDestinations(traffic, new Map()).flatMap((destination) => {
    const hairpins = [...endpointAddresses(traffic.host)]
      .filter((address) => destination.kind === "cluster-ip" && !isLocal(address, traffic.host))
      .map((address): Source => ({ kind: "hairpin", entry: "pod", address, inInterface: undefined }));
    return [...sourcesFor(destination, pods[destination.family], traffic), ...hairpins].map((source) => ({
      destination,
      source,
    }));
  });
}

export function answer(
  document: HostDocument,
  { destination, source }: { readonly destination: ServiceDestination; readonly source: Source },
): readonly Outcome[] {
  const traffic = readTrafficHost(document);
  return traffic === undefined ? [] : evaluate(traffic.host, source, destination);
}

/** Whether packets are handled worse than before; the same endpoints in other parts are not. */
export function isWorse(was: readonly Outcome[], is: readonly Outcome[], source: Source): boolean {
  const isAsked = ({ verdict }: Outcome): boolean =>
    source.kind !== "hairpin" || verdict.kind !== "delivered" || verdict.target.address === source.address;
  const [before, after] = [was.filter(isAsked), is.filter(isAsked)];
  if (source.kind === "hairpin" && !before.some(({ verdict }) => verdict.kind === "delivered")) return false;
  const works = (outcomes: readonly Outcome[]) => outcomes.some(({ verdict }) => verdict.kind === "delivered");
  const targets = new Set(
    before.flatMap(({ verdict }) => (verdict.kind === "delivered" ? [printTarget(verdict.target)] : [])),
  );
  const isBad = (outcome: Outcome): boolean => {
    const { verdict, masqueraded } = outcome;
    if (verdict.kind === "unknown") return false;
    if (!works(before)) return verdict.kind === "delivered";
    if (verdict.kind !== "delivered") return !before.some((each) => each.verdict.kind === verdict.kind);
    if (!targets.has(printTarget(verdict.target))) return true;
    const own = before.find(
      (each) => each.verdict.kind === "delivered" && printTarget(each.verdict.target) === printTarget(verdict.target),
    );
    const isItself = source.address === verdict.target.address;
    const isNeeded =
      (source.kind === "hairpin" && isItself) || source.kind === "outside" || source.kind === "other-pod";
    const isOwnRule = own?.hops.some(
      (hop) => hop.kind === "rule" && hop.chain === "KUBE-POSTROUTING" && hop.rule.action.kind === "masquerade",
    );
    return isNeeded && isOwnRule === true && !masqueraded;
  };
  const bad = after.filter(isBad);
  const fine = after.filter((each) => !isBad(each));
  // What the text does not show may make it work.
  return bad.some(
    (each) =>
      !fine.some((other) =>
        other.assumptions.some(({ what, holds }) =>
          each.assumptions.some((one) => one.what === what && one.holds !== holds),
        ),
      ),
  );
}

export function findingsOf(document: HostDocument): readonly Diagnostic[] {
  const sink = createSink();
  checkHosts([document], sink);
  return sink.diagnostics;
}

export { keyOf };
