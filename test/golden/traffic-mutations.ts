import { checkHosts, readHosts } from "../../src/check/text/check-host.ts";
import { askingOf, evaluate } from "../../src/check/traffic/check-traffic.ts";
import { targetOf } from "../../src/check/traffic/judge-traffic.ts";
import { sourcesFor } from "../../src/check/traffic/source-classes.ts";
import { readTrafficHost, serviceDestinations } from "../../src/check/traffic/traffic-host.ts";
import { parseTarget, printTarget } from "../../src/datapath/address-set.ts";
import { isLocal } from "../../src/datapath/match-packet.ts";
import type { Outcome } from "../../src/datapath/packet.ts";
import { createSink, type Diagnostic } from "../../src/diagnostics/diagnostic.ts";
import type { HostDocument } from "../../src/ir/artifact.ts";
import type { Cluster } from "../../src/model/cluster.ts";

import { keyOf, printDestination, type ServiceDestination, type Source } from "../../src/programs/traffic-mode.ts";

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
  const rules = lines.flatMap((line, at) => (/^-A [A-Za-z]/.test(line) ? [at] : []));
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

/** Packets from one source to one address of a Service. */
export interface Question {
  readonly destination: ServiceDestination;
  readonly source: Source;
}

export function documentOf(text: string): HostDocument {
  const [document] = readHosts("", [{ name: "dump", text, document: 0, isFromFolder: false }], createSink());
  if (document === undefined) throw new Error("not a dump");
  return document;
}

/** The packets that a dump lets one ask about, each with its source. */
export function questionsIn(document: HostDocument): readonly Question[] {
  const traffic = readTrafficHost(document);
  if (traffic === undefined) return [];
  const { pods, ownEndpoints: local } = askingOf(traffic);
  return serviceDestinations(traffic, new Map()).flatMap((destination) => {
    const [client] = sourcesFor(destination, pods[destination.family], traffic);
    const outcomes = client === undefined ? [] : evaluate(traffic.host, client, destination);
    const targets = outcomes.flatMap(({ verdict }) => (verdict.kind === "delivered" ? [verdict.target.address] : []));
    const hairpins = [...new Set(targets)]
      .filter(
        (address) =>
          destination.kind === "cluster-ip" &&
          !isLocal(address, traffic.host) &&
          (local?.has(address) ?? address.startsWith("10.201.")),
      )
      .map((address): Source => ({ kind: "hairpin", entry: "pod", address, inInterface: undefined }));
    return [...sourcesFor(destination, pods[destination.family], traffic), ...hairpins].map((source) => ({
      destination,
      source,
    }));
  });
}

export function answers(document: HostDocument, questions: readonly Question[]): readonly (readonly Outcome[])[] {
  const traffic = readTrafficHost(document);
  return questions.map(({ destination, source }) =>
    traffic === undefined ? [] : evaluate(traffic.host, source, destination),
  );
}

/** How a finding names what it affects. */
export function nameOf({ destination }: Question): string {
  return destination.service ?? printDestination(destination);
}

/** Whether the text still shows that there is such an address. */
export function isShown(document: HostDocument, { destination }: Question): boolean {
  const traffic = readTrafficHost(document);
  const shown = traffic === undefined ? [] : serviceDestinations(traffic, new Map());
  return shown.some((each) => keyOf(each) === keyOf(destination));
}

/** Networks of Docker: no packet of a Service passes them. */
const docker = /^-[io] (?:docker|br-)/;

const ownMasquerade: ReadonlySet<string> = new Set(["KUBE-POSTROUTING", "masquerading"]);

/** Whether packets are handled worse than before; the same endpoints in other parts are not. */
export function isWorse(was: readonly Outcome[], is: readonly Outcome[], { destination, source }: Question): boolean {
  const isToItself = (outcome: Outcome): boolean => {
    const target = targetOf(outcome);
    return target === undefined || parseTarget(target)?.address === source.address;
  };
  const isAsked = (outcome: Outcome): boolean =>
    !outcome.assumptions.some(({ what, holds }) => holds && docker.test(what)) &&
    (source.kind !== "hairpin" || isToItself(outcome));
  const [before, after] = [was.filter(isAsked), is.filter(isAsked)];
  const delivered = new Map(
    before.flatMap((each) =>
      each.verdict.kind === "delivered" ? [[printTarget(each.verdict.target), each] as const] : [],
    ),
  );
  const isBad = ({ verdict, masqueraded }: Outcome): boolean => {
    if (verdict.kind === "unknown") return false;
    const isRefused = before.every((each) => each.verdict.kind === "dropped" || each.verdict.kind === "rejected");
    if (delivered.size === 0) return isRefused && source.kind !== "hairpin" && verdict.kind === "delivered";
    if (verdict.kind !== "delivered") return !before.some((each) => each.verdict.kind === verdict.kind);
    const same = delivered.get(printTarget(verdict.target));
    if (same === undefined) return true;
    const isOwnRule = same.hops.some(
      (hop) => hop.kind === "rule" && ownMasquerade.has(hop.chain) && hop.rule.action.kind === "masquerade",
    );
    // The node sends to bound addresses from the address itself, which endpoints do not know; else from its own.
    const isBound = destination.kind !== "node-port" && source.address === destination.address;
    const isNeeded = source.kind === "node" ? isBound : source.kind !== "pod";
    return isNeeded && isOwnRule && same.masqueraded && !masqueraded;
  };
  const [bad, fine] = [after.filter(isBad), after.filter((each) => !isBad(each))];
  // What the text does not show may make it work.
  const excuses = (one: Outcome, other: Outcome): boolean =>
    one.assumptions.some(({ what, holds }) =>
      other.assumptions.some((each) => each.what === what && each.holds !== holds),
    );
  return bad.some((each) => !fine.some((other) => excuses(each, other)));
}

export function findingsOf(document: HostDocument, cluster?: Cluster): readonly Diagnostic[] {
  const sink = createSink();
  checkHosts([document], sink, cluster);
  return sink.diagnostics;
}
