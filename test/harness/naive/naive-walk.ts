import type { Rule } from "../../../src/languages/iptables/rule.ts";
import type { Journey } from "./journey.ts";
import type { NaiveChain, NaiveHost } from "./naive-host.ts";
import { isLocalAddress, matchNaively } from "./naive-match.ts";

type End = "accepted" | "dropped" | "rejected" | "unknown" | "fell";
type Chains = ReadonlyMap<string, NaiveChain>;

/** Sends one packet through the kernel's hooks; where it ends, as text. */
export function travel(journey: Journey, host: NaiveHost): string {
  const { packet, now } = journey;
  for (const step of packet.entry === "node" ? nodeSteps : arrivingSteps) {
    const [where, ...more] = step;
    const here = isLocalAddress(now.destination, host.local);
    const applies =
      where === "always" ||
      (where === "local" && here) ||
      (where === "remote" && !here) ||
      (where === "forwarded" && !here && now.server === undefined) ||
      (where === "balanced" && !here && now.server !== undefined);
    if (!applies) continue;
    const [hook = "", ...tables] = more;
    for (const table of tables) {
      const end = table === "ipvs" ? balance(journey, host) : walkHook(journey, host, { hook, table });
      if (end === "dropped" || end === "rejected" || end === "unknown") return withLists(end, journey);
    }
  }
  const to = now.sentOn || now.server !== undefined ? `${now.destination} ${now.port}` : "untouched";
  return withLists(now.masqueraded ? `${to} masqueraded` : to, journey);
}

function withLists(end: string, { now }: Journey): string {
  return [end, ...[...now.entered].sort()].join(" +");
}

const arrivingSteps = [
  ["always", "PREROUTING", "raw", "mangle", "nat"],
  ["local", "INPUT", "mangle", "filter", "security", "ipvs"],
  ["balanced", "OUTPUT", "raw", "mangle", "filter", "security"],
  ["forwarded", "FORWARD", "mangle", "filter", "security"],
  ["remote", "POSTROUTING", "mangle", "nat"],
] as const;

const nodeSteps = [
  ["always", "OUTPUT", "raw", "mangle", "nat", "ipvs", "filter", "security"],
  ["always", "POSTROUTING", "mangle", "nat"],
  ["local", "PREROUTING", "raw", "mangle"],
  ["local", "INPUT", "mangle", "filter", "security"],
] as const;

function walkHook(journey: Journey, host: NaiveHost, { hook, table }: { hook: string; table: string }): End {
  if (table === "nat" && !journey.now.states.has("NEW")) return "accepted";
  journey.hook = hook;
  const chains = host.tables.get(table);
  const chain = chains?.get(hook);
  if (chains === undefined || chain === undefined) return "accepted";
  const end = walk(chain, chains, journey, host);
  if (end !== "fell") return end;
  return chain.policy === "DROP" ? "dropped" : "accepted";
}

function walk(chain: NaiveChain, chains: Chains, journey: Journey, host: NaiveHost): End {
  for (const rule of chain.rules) {
    // Nothing comes of what is only logged.
    if (rule.target.kind === "unknown" && rule.target.words[1] === "LOG") continue;
    if (!rule.matches.every((match) => matchNaively(match, journey, host))) continue;
    const end = obey(rule, chains, journey, host);
    if (end !== undefined) return end;
  }
  return "fell";
}

/** How the packet leaves the chain by this rule, if it does. */
function obey({ target }: Rule, chains: Chains, journey: Journey, host: NaiveHost): End | undefined {
  const { now } = journey;
  switch (target.kind) {
    case "accept":
      return "accepted";
    case "drop":
      return "dropped";
    case "reject":
      return "rejected";
    case "return":
      return "fell";
    case "none":
      return undefined;
    case "mark":
      now.mark = changed(now.mark, target.mask, target.value);
      return undefined;
    case "masquerade":
      now.masqueraded = true;
      now.states.add("SNAT");
      return "accepted";
    case "dnat":
      translate(target.destination, journey);
      return "accepted";
    case "jump":
      return call(`-j ${target.chain}`, chains, journey, host);
    case "snat":
    case "netmap":
      if (target.kind === "netmap" && (journey.hook === "PREROUTING" || journey.hook === "OUTPUT")) {
        translate(intoNetwork(now.destination, target.to), journey);
        return "accepted";
      }
      now.masqueraded = true;
      now.states.add("SNAT");
      return "accepted";
    case "redirect":
      redirect(target.ports?.from, target.ports?.to, journey, host);
      return "accepted";
    case "notrack":
      // What comes back over lo is tracked already.
      if (journey.packet.entry !== "node" || journey.hook === "OUTPUT") now.states = new Set(["UNTRACKED"]);
      return undefined;
    case "connmark-set":
      now.connectionMark = changed(now.connectionMark, target.mask, target.value);
      return undefined;
    case "connmark-save": {
      const saved = Number(BigInt(now.mark) & BigInt(target.packetMask));
      now.connectionMark = changed(now.connectionMark, target.connectionMask, saved);
      return undefined;
    }
    case "connmark-restore": {
      const saved = Number(BigInt(now.connectionMark) & BigInt(target.connectionMask));
      now.mark = changed(now.mark, target.packetMask, saved);
      return undefined;
    }
    case "tproxy":
      return "unknown";
    case "goto":
      return call(`-g ${target.chain}`, chains, journey, host) ?? "fell";
    case "unknown":
      return guess(target.words.join(" "), journey);
  }
}

function changed(mark: number, mask: number, value: number): number {
  return Number((BigInt(mark) & (0xffff_ffffn ^ BigInt(mask))) ^ BigInt(value));
}

/** IPv4 alone: octet by octet, for networks of whole octets and of single addresses. */
function intoNetwork(address: string, network: string): string {
  const [base = "", length = "32"] = network.split("/");
  const kept = Number(length) / 8;
  return address
    .split(".")
    .map((octet, at) => (at < kept ? base.split(".")[at] : octet))
    .join(".");
}

function redirect(from: number | undefined, to: number | undefined, journey: Journey, { local }: NaiveHost): void {
  const { now, hook } = journey;
  const isSix = now.destination.includes(":");
  const own = local.find((each) => !each.includes("/") && each.includes(":") === isSix);
  now.destination = hook === "OUTPUT" || own === undefined ? (isSix ? "::1" : "127.0.0.1") : own;
  if (from !== undefined && to !== undefined && !(from <= now.port && now.port <= to)) now.port = from;
  now.sentOn = true;
  now.states.add("DNAT");
}

function call(asked: string, chains: Chains, journey: Journey, host: NaiveHost): End | undefined {
  const chain = chains.get(asked.slice("-j ".length));
  if (chain === undefined) return guess(asked, journey);
  const end = walk(chain, chains, journey, host);
  return end === "fell" ? undefined : end;
}

function guess(what: string, { answer }: Journey): End | undefined {
  return answer(`${what} lets the packet go on`) ? undefined : "unknown";
}

function translate(to: string, { now }: Journey): void {
  const [, v6, v4, port] = /^(?:\[(.*)\]|([\d.]+))(?::(\d+))?$/.exec(to) ?? [];
  now.destination = v6 ?? v4 ?? to;
  if (port !== undefined) now.port = Number(port);
  now.sentOn = true;
  now.states.add("DNAT");
}

function balance({ packet, now, choose }: Journey, { servers }: NaiveHost): End {
  const bracketed = now.destination.includes(":") ? `[${now.destination}]` : now.destination;
  const server = servers.find(
    ({ protocol, address }) => protocol === packet.protocol && address === `${bracketed}:${now.port}`,
  );
  if (server === undefined) return "accepted";
  const taking = server.realServers.filter(({ weight }) => weight > 0);
  if (taking.length === 0) return "rejected";
  const isEqual = server.scheduler === "rr" || server.scheduler === "lc";
  const real = taking[choose(taking.map(({ weight }) => (isEqual ? 1 : weight)))];
  const [, v6, v4, port] = /^(?:\[(.*)\]|([\d.]+)):(\d+)$/.exec(real?.address ?? "") ?? [];
  now.destination = v6 ?? v4 ?? "";
  now.port = Number(port);
  now.server = server;
  return "accepted";
}
