import type { Match } from "../../../src/languages/iptables/rule.ts";
import type { Journey } from "./journey.ts";
import { liesIn, type NaiveHost } from "./naive-host.ts";

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
    case "protocol":
      return match.protocol === packet.protocol;
    case "destination-port": {
      if (match.protocol !== packet.protocol) return match.negated;
      const { from, to } = match.ports ?? { from: 0, to: 65535 };
      return from <= now.port && now.port <= to;
    }
    case "address-type":
      return isOfType(match.side === "source" ? packet.source : now.destination, match.type, host);
    case "conntrack":
      return match.states.some((state) => now.states.has(state));
    case "mark":
      return (BigInt(now.mark) & BigInt(match.mask)) === BigInt(match.value);
    case "recent":
      if (match.action !== "set") return packet.lists.has(match.name) || now.entered.has(match.name);
      now.entered.add(match.name);
      return true;
    case "statistic":
      return journey.choose([match.threshold, 2 ** 31 - match.threshold]) === 0;
    case "set":
      return isInSet(match, journey, host);
    case "ipvs": {
      const protocol = { tcp: 6, udp: 17, sctp: 132 }[packet.protocol];
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
      const known = usual(match.words.join(" "), journey, host);
      if (known !== undefined) return known;
      const [first, ...rest] = match.words;
      return first === "!" ? !journey.answer(rest.join(" ")) : journey.answer(match.words.join(" "));
    }
  }
}

/** What others ask for, and packets here answer: `-o lo`, and some ports by name. */
function usual(words: string, { packet, now }: Journey, { local }: NaiveHost): boolean | undefined {
  if (words === "-o lo") return packet.entry === "node" && isLocalAddress(now.destination, local);
  const [, list = ""] = /^-m multiport --dports (\S+)$/.exec(words) ?? [];
  if (list === "") return undefined;
  const ranges = list.split(",").map((range) => range.split(":").map(Number));
  return ranges.some(([from = 0, to = from]) => from <= now.port && now.port <= to);
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
