import type { Chain, Counters, Match, PortRange, Rule, Table, Target, TcpFlag } from "./rule.ts";
import { printHex, printProbability, quote } from "./words.ts";

/** Prints tables as iptables-save does, with counters where there are some; comment lines are dropped. */
export function printTables(tables: readonly Table[]): string {
  return tables.map(printTable).join("");
}

function printTable(table: Table): string {
  const declarations = table.chains.filter((chain) => chain.declaredAt !== undefined).map(printDeclaration);
  const rules = table.chains.flatMap((chain) => chain.rules.map(printRule));
  return [`*${table.name}`, ...declarations, ...rules, "COMMIT", ""].join("\n");
}

function printDeclaration(chain: Chain): string {
  const counters = chain.counters === undefined ? "" : ` ${printCounters(chain.counters)}`;
  return `:${chain.name} ${chain.policy ?? "-"}${counters}`;
}

function printCounters({ packets, bytes }: Counters): string {
  return `[${packets}:${bytes}]`;
}

/** Prints one rule from its parts, matches in their order. */
export function printRule(rule: Rule): string {
  const counters = rule.counters === undefined ? [] : [printCounters(rule.counters)];
  return [...counters, "-A", rule.chain, ...rule.matches.map(printMatch), ...printTarget(rule.target)].join(" ");
}

/** Options of one module share one `-m`. */
export function printMatch(match: Match): string {
  const text = printAlone(match);
  return match.joined ? text.replace(/^-m \S+ /, "") : text;
}

function printAlone(match: Match): string {
  const not = match.negated ? "! " : "";
  switch (match.kind) {
    case "source":
      return `${not}-s ${match.range}`;
    case "destination":
      return `${not}-d ${match.range}`;
    case "in-interface":
      return `${not}-i ${match.name}`;
    case "out-interface":
      return `${not}-o ${match.name}`;
    case "protocol":
      return `${not}-p ${match.protocol}`;
    case "destination-port":
      return match.ports === undefined
        ? `-m ${match.protocol}`
        : `-m ${match.protocol} ${not}--dport ${printPorts(match.ports)}`;
    case "source-port":
      return `-m ${match.protocol} ${not}--sport ${printPorts(match.ports)}`;
    case "tcp-flags":
      return `-m tcp ${not}--tcp-flags ${printFlags(match.mask)} ${printFlags(match.set)}`;
    case "multiport":
      return `-m multiport ${not}--${multiportOptions[match.side]} ${match.ports.map(printPorts).join(",")}`;
    case "address-range":
      return `-m iprange ${not}--${match.side === "source" ? "src" : "dst"}-range ${match.from}-${match.to}`;
    case "icmp":
      return `-m ${match.protocol} ${not}--${match.protocol === "icmp" ? "icmp" : "icmpv6"}-type ${match.type}`;
    case "comment":
      return `-m comment --comment ${quote(match.text)}`;
    case "address-type":
      return `-m addrtype ${not}--${match.side === "source" ? "src" : "dst"}-type ${match.type}`;
    case "conntrack":
      return `-m conntrack ${not}--ctstate ${match.states.join(",")}`;
    case "state":
      return `-m state ${not}--state ${match.states.join(",")}`;
    case "mark":
    case "connmark":
      return `-m ${match.kind} ${not}--mark ${printHex(match.value)}${match.mask === 0xffffffff ? "" : `/${printHex(match.mask)}`}`;
    case "recent":
      return printRecent(match);
    case "statistic":
      return `-m statistic --mode random ${not}--probability ${printProbability(match.threshold)}`;
    case "nfacct":
      // Two blanks: nfacct's own save function prints the option with one, then its value with another.
      return `-m nfacct --nfacct-name  ${quote(match.counter)}`;
    case "set":
      return `-m set ${not}--match-set ${match.name} ${match.sides.join(",")}`;
    case "ipvs":
      return `-m ipvs --vproto ${match.protocol} --vaddr ${match.address} --vport ${match.port}`;
    case "physdev-is-in":
      return `-m physdev ${not}--physdev-is-in`;
    case "unknown":
      return match.words.join(" ");
  }
}

const multiportOptions = { source: "sports", destination: "dports", either: "ports" } as const;

function printPorts({ from, to }: PortRange): string {
  return from === to ? `${from}` : `${from}:${to}`;
}

function printFlags(flags: readonly TcpFlag[]): string {
  return flags.length === 0 ? "NONE" : flags.join(",");
}

function printRecent(match: Extract<Match, { kind: "recent" }>): string {
  const words = ["-m recent", match.negated ? `! --${match.action}` : `--${match.action}`];
  if (match.seconds !== undefined) words.push(`--seconds ${match.seconds}`);
  if (match.reap) words.push("--reap");
  words.push(`--name ${match.name}`);
  if (match.mask !== undefined) words.push(`--mask ${match.mask}`);
  return [...words, `--${match.side}`].join(" ");
}

export function printTarget(target: Target): readonly string[] {
  switch (target.kind) {
    case "goto":
      return ["-g", target.chain];
    case "connmark-set":
      return [`-j CONNMARK --set-xmark ${printHex(target.value)}/${printHex(target.mask)}`];
    case "connmark-save":
    case "connmark-restore": {
      const action = target.kind === "connmark-save" ? "--save-mark" : "--restore-mark";
      const masks = `--nfmask ${printHex(target.packetMask)} --ctmask ${printHex(target.connectionMask)}`;
      return ["-j CONNMARK", action, masks];
    }
    case "redirect": {
      const { ports, random } = target;
      const range = ports && (ports.from === ports.to ? `${ports.from}` : `${ports.from}-${ports.to}`);
      return ["-j REDIRECT", ...(range === undefined ? [] : ["--to-ports", range]), ...(random ? ["--random"] : [])];
    }
    case "snat":
      return ["-j SNAT --to-source", target.source, ...target.flags];
    case "netmap":
      return ["-j NETMAP --to", target.to];
    case "notrack":
      return [target.by === "NOTRACK" ? "-j NOTRACK" : "-j CT --notrack"];
    case "tproxy": {
      const mark = `${printHex(target.value)}/${printHex(target.mask)}`;
      return [`-j TPROXY --on-port ${target.port} --on-ip ${target.address} --tproxy-mark ${mark}`];
    }
    case "jump":
      return ["-j", target.chain];
    case "accept":
      return ["-j ACCEPT"];
    case "drop":
      return ["-j DROP"];
    case "return":
      return ["-j RETURN"];
    case "reject":
      return target.with === undefined ? ["-j REJECT"] : ["-j REJECT --reject-with", target.with];
    case "mark":
      return [`-j MARK --set-xmark ${printHex(target.value)}/${printHex(target.mask)}`];
    case "dnat":
      return ["-j DNAT --to-destination", target.destination];
    case "masquerade":
      return [target.randomFully ? "-j MASQUERADE --random-fully" : "-j MASQUERADE"];
    case "none":
      return [];
    case "unknown":
      return target.words;
  }
}
