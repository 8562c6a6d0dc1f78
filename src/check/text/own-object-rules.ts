import { createSubject } from "../../diagnostics/diagnostic.ts";
import type { Place } from "../../diagnostics/place.ts";
import { placeIn } from "../../diagnostics/place.ts";
import type { Match } from "../../languages/iptables/rule.ts";
import type { SavedServer } from "../../languages/ipvs/text.ts";
import type { NftChain } from "../../languages/nftables/ruleset.ts";
import { tableName } from "../../languages/nftables/stages.ts";
import { addressDevice, ownChains, ownSets, ownTables } from "../../programs/registry.ts";
import { chainSubject, reachableFrom } from "./chain-graph.ts";
import type { CheckedHost, CheckedTable, TextRule } from "./checked-host.ts";

/** Rules that match on sets that do not exist; only where the text contains all sets. */
export const setMissing: TextRule = ({ tables, sets }, sink) => {
  if (sets === undefined) return;
  for (const table of tables) {
    for (const { name, rules } of table.chains.values()) {
      for (const placed of rules) {
        const { rule } = placed;
        if (!rule.text.includes("-set ")) continue;
        for (const set of setsIn(rule.text)) {
          if (!sets.has(set)) sink.reporter(chainSubject(table, name))("set-missing", placed.place, { set });
        }
      }
    }
  }
};

/** Comments are ignored. */
function setsIn(text: string): readonly string[] {
  const plain = text.replace(/--comment (?:"(?:[^"\\]|\\.)*"|\S+)/g, "");
  return [...plain.matchAll(/ --(?:match|add|del|map)-set (\S+)/g)].map(([, name]) => name as string);
}

/** Virtual servers on addresses that are not local to the host. */
export const virtualServerUnbound: TextRule = (host, sink) => {
  for (const { server, place } of host.servers) {
    const colon = server.address.lastIndexOf(":");
    const ip = server.address.slice(0, colon).replace(/^\[|\]$/g, "");
    if (!isUnbound(host, server, ip, server.address.slice(colon + 1))) continue;
    const subject = createSubject("Virtual server", "", `${server.protocol} ${server.address}`);
    sink.reporter(subject)("virtual-server-unbound", place, { address: server.address });
  }
};

/** Without the host's own addresses only cluster IPs are certain: they are always bound. */
function isUnbound(
  { addresses, boundAddresses, sets }: CheckedHost,
  { protocol }: SavedServer,
  ip: string,
  port: string,
): boolean {
  if (addresses !== undefined) return !addresses.has(ip) && boundAddresses?.has(ip) !== true;
  if (boundAddresses === undefined || boundAddresses.has(ip)) return false;
  const clusterIps = sets?.get(ownSets.clusterIps(ip.includes(":") ? "ipv6" : "ipv4"));
  return clusterIps?.entries.some(({ text }) => text === `${ip},${protocol}:${port}`) === true;
}

/** A mark that KUBE-MARK-MASQ sets and no rule in POSTROUTING matches. */
export const masqueradeMark: TextRule = ({ tables }, sink) => {
  for (const table of tables) {
    const [name = ""] = ownChains.named("mark");
    const setter = table.chains.get(name)?.rules.find(({ rule }) => rule.target.kind === "mark");
    if (table.name !== "nat" || setter?.rule.target.kind !== "mark") continue;
    const { value } = setter.rule.target;
    if (value === 0 || !isLeavingKnown(table) || isAskedFor(table, value)) continue;
    const report = sink.reporter(chainSubject(table, name));
    report("masquerade-mark-unused", setter.place, { mark: `0x${value.toString(16)}` });
  }
};

/** The text shows the rules of POSTROUTING: a dump does, and restore files do together with their jumps. */
function isLeavingKnown({ chains: all, hasBuiltIns }: CheckedTable): boolean {
  return hasBuiltIns || (all.get("POSTROUTING")?.rules.length ?? 0) > 0;
}

function isAskedFor(table: CheckedTable, value: number): boolean {
  for (const name of reachableFrom(table, "POSTROUTING")) {
    // After a rule that lets all packets without another mark return.
    let isGuarded = false;
    for (const { rule } of table.chains.get(name)?.rules ?? []) {
      const isMarked = rule.matches.some((match) => asksFor(match, value));
      if (isMarked) return true;
      if (rule.target.kind === "return" && rule.matches.some(({ kind }) => kind === "mark")) isGuarded = true;
      // All packets are masqueraded, marked or not.
      const isForAll = rule.matches.every(({ kind }) => kind === "comment");
      if (rule.target.kind === "masquerade" && isForAll && !isGuarded) return true;
    }
  }
  return false;
}

function asksFor(match: Match, value: number): boolean {
  if (match.kind === "mark") return (match.mask & value) !== 0;
  return match.kind === "unknown" && match.words.some((word) => word.includes("mark"));
}

/** kube-proxy's table of nftables, and what its other modes leave. */
export const modesMixed: TextRule = (host, sink) => {
  const [own] = host.ruleset.tables.filter(ownTables.isOwned);
  if (own === undefined) return;
  const others = [...chainsOfIptables(host), ...objectsOfIpvs(host)];
  const [first] = others;
  if (first === undefined) return;
  sink.reporter(createSubject("Table", "", tableName(own)))("kube-proxy-modes-mixed", first.place, {
    table: tableName(own),
    others: others.map(({ name }) => name).join(", "),
  });
};

interface Leftover {
  readonly name: string;
  readonly place: Place | undefined;
}

/** Chains of Services with rules: kubelet keeps empty ones, and iptables mode always has these. */
function chainsOfIptables({ tables, ruleset }: CheckedHost): readonly Leftover[] {
  const isUsed = (name: string, rules: number): boolean =>
    rules > 0 && (ownChains.roleOf(name) === "dispatch" || ownChains.isOfFragment(name));
  for (const { name, chains } of tables) {
    if (name !== "nat") continue;
    for (const chain of chains.values())
      if (isUsed(chain.name, chain.rules.length)) return [{ name: `${chain.name} of iptables`, place: chain.place }];
  }
  const listed = ruleset.tables.filter(({ name }) => name === "nat").flatMap(({ chains }) => [...chains.values()]);
  const chain = listed.find(({ name, rules }) => isUsed(name, rules.length));
  return chain === undefined ? [] : [{ name: `${chain.name} of iptables`, place: placeOf(chain) }];
}

function placeOf({ file, line }: NftChain): Place {
  return placeIn(file, line);
}

function objectsOfIpvs({ boundAddresses, servers, sets }: CheckedHost): readonly Leftover[] {
  const hasSets = [...(sets?.keys() ?? [])].some((name) => name.startsWith(ownSets.prefix));
  const [first] = servers;
  return [
    ...((boundAddresses?.size ?? 0) > 0 ? [{ name: `addresses of ${addressDevice}`, place: undefined }] : []),
    ...(first !== undefined ? [{ name: "virtual servers of IPVS", place: first.place }] : []),
    ...(hasSets ? [{ name: `sets ${ownSets.prefix}*`, place: undefined }] : []),
  ];
}
