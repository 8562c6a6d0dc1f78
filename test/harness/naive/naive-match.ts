import type { Match } from "../../../src/languages/iptables/rule.ts";
import type { Journey } from "./journey.ts";
import { liesBetween, liesIn, type NaiveHost } from "./naive-host.ts";

/** Whether one packet of known addresses is what a match asks for. Chance and unknown matches ask the journey. */
export function matchNaively(match: Match, journey: Journey, host: NaiveHost): boolean {
  return asked(match, journey, host) !== match.negated;
}

function asked(match: Match, journey: Journey, host: NaiveHost): boolean {
  const { packet, now } = journey;
  switch (match.kind) {
    case "source":
      return liesIn(packet.source, match.range);
    case "destination":
      return liesIn(now.destination, match.range);
    case "in-interface":
      if (journey.hook === "OUTPUT") return false;
      if (packet.entry === "node" || match.name === "lo") return packet.entry === "node" && match.name === "lo";
      if (packet.inInterface === undefined) return journey.answer(`-i ${match.name}`);
      return match.name.endsWith("+")
        ? packet.inInterface.startsWith(match.name.slice(0, -1))
        : packet.inInterface === match.name;
    case "out-interface": {
      // Before it is routed, and when it stays, a packet leaves by no interface.
      if (match.name === "+") return true;
      if (journey.hook === "PREROUTING" || journey.hook === "INPUT") return false;
      const isBack = packet.entry === "node" && isLocalAddress(now.destination, host.local);
      if (isBack || match.name === "lo") return isBack && "lo".startsWith(match.name.replace(/\+$/, ""));
      return journey.answer(`-o ${match.name}`);
    }
    case "protocol":
      return match.protocol === packet.protocol;
    case "source-port": {
      if (match.protocol !== packet.protocol) return match.negated;
      const { from, to } = match.ports;
      if (from === 0 && to === 65_535) return true;
      return journey.answer(`-m ${match.protocol} --sport ${from === to ? from : `${from}:${to}`}`);
    }
    case "multiport": {
      const isListed = match.ports.some(({ from, to }) => now.port >= from && now.port <= to);
      if (match.side === "destination" || (match.side === "either" && isListed)) return isListed;
      const list = match.ports.map(({ from, to }) => (from === to ? `${from}` : `${from}:${to}`)).join(",");
      return journey.answer(`-m multiport --${match.side === "source" ? "sports" : "ports"} ${list}`);
    }
    case "tcp-flags": {
      if (packet.protocol !== "tcp") return match.negated;
      const [mask, set] = [match.mask.join(","), match.set.join(",")];
      if (packet.state !== undefined && packet.state !== "NEW")
        return journey.answer(`-m tcp --tcp-flags ${mask || "NONE"} ${set || "NONE"}`);
      return set === (match.mask.includes("SYN") ? "SYN" : "");
    }
    case "address-range":
      return liesBetween(match.side === "source" ? packet.source : now.destination, match.from, match.to);
    case "icmp":
      return match.negated;
    case "destination-port": {
      if (match.protocol !== packet.protocol) return match.negated;
      const { from, to } = match.ports ?? { from: 0, to: 65535 };
      return from <= now.port && now.port <= to;
    }
    case "address-type":
      return isOfType(match.side === "source" ? packet.source : now.destination, match.type, host);
    case "conntrack":
    case "state":
      return match.states.some((state) => now.states.has(state));
    case "mark":
      return (BigInt(now.mark) & BigInt(match.mask)) === BigInt(match.value);
    case "connmark":
      return (BigInt(now.connectionMark) & BigInt(match.mask)) === BigInt(match.value);
    case "recent":
      if (match.action !== "set") return packet.lists.has(match.name) || now.entered.has(match.name);
      now.entered.add(match.name);
      return true;
    case "statistic":
      return journey.choose([match.threshold, 2 ** 31 - match.threshold]) === 0;
    case "set":
      return isInSet(match, journey, host);
    case "ipvs": {
      const protocol = { icmp: 1, tcp: 6, udp: 17, sctp: 132 }[packet.protocol];
      const virtual = /^\[?(.*?)\]?:(\d+)$/.exec(now.server?.address ?? "");
      if (virtual === null || match.protocol !== protocol) return false;
      return liesIn(virtual[1] ?? "", match.address) && Number(virtual[2]) === match.port;
    }
    case "physdev-is-in":
      return packet.entry === "pod";
    case "comment":
    case "nfacct":
      return true;
    case "unknown": {
      const [first, ...rest] = match.words;
      return first === "!" ? !journey.answer(rest.join(" ")) : journey.answer(match.words.join(" "));
    }
  }
}

function isOfType(address: string, type: string, { local }: NaiveHost): boolean {
  if (type === "MULTICAST") return liesIn(address, "224.0.0.0/4") || liesIn(address, "ff00::/8");
  if (type === "BROADCAST") return address === "255.255.255.255";
  if (type !== "LOCAL") throw new Error(`the naive evaluator knows no address type ${type}`);
  return isLocalAddress(address, local);
}

export function isLocalAddress(address: string, local: readonly string[]): boolean {
  return local.some((range) => liesIn(address, range));
}

function isInSet(match: Extract<Match, { kind: "set" }>, { packet, now }: Journey, host: NaiveHost): boolean {
  const set = host.sets.get(match.name);
  if (set === undefined) throw new Error(`the naive evaluator knows no set ${match.name}`);
  return set.entries.some(({ text }) =>
    text.split(",").every((part, at) => {
      if (set.type === "bitmap:port") return packet.protocol !== "sctp" && Number(part) === now.port;
      const port = /^(tcp|udp|sctp):(\d+)$/.exec(part);
      if (port !== null) return port[1] === packet.protocol && Number(port[2]) === now.port;
      return liesIn(match.sides[at] === "src" ? packet.source : now.destination, part);
    }),
  );
}
