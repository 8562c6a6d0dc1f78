import { type Match, type PortRange, type TcpFlag, type TransportProtocol, tcpFlags } from "./rule.ts";
import { parseNumber, parseValueAndMask, unquote } from "./words.ts";

interface Option {
  readonly name: string;
  readonly negated: boolean;
  readonly value: string | undefined;
  /** Only `--tcp-flags` has a second one. */
  readonly second: string | undefined;
}

/** One match for each option of the module; undefined for an unknown option. */
type Reader = (options: readonly Option[]) => readonly (Match | undefined)[] | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["comment", single(commentMatch)],
  ["tcp", (options) => transportMatches("tcp", options)],
  ["udp", (options) => transportMatches("udp", options)],
  ["sctp", (options) => transportMatches("sctp", options)],
  ["multiport", single(multiportMatch)],
  ["iprange", each(addressRangeMatch)],
  ["icmp", single((options) => icmpMatch("icmp", options))],
  ["icmp6", single((options) => icmpMatch("icmp6", options))],
  ["addrtype", each(addressTypeMatch)],
  ["conntrack", single((options) => stateMatch("conntrack", "--ctstate", options))],
  ["state", single((options) => stateMatch("state", "--state", options))],
  ["mark", single((options) => markMatch("mark", options))],
  ["connmark", single((options) => markMatch("connmark", options))],
  ["recent", single(recentMatch)],
  ["statistic", single(statisticMatch)],
  ["nfacct", single(nfacctMatch)],
]);

function single(read: (options: readonly Option[]) => Match | undefined): Reader {
  return (options) => [read(options)];
}

function each(read: (option: Option) => Match | undefined): Reader {
  return (options) => (options.length === 0 ? undefined : options.map(read));
}

/** Modules with an option that takes two values, several, or none are parsed word by word. */
const WORD_READERS: ReadonlyMap<string, (words: readonly string[]) => Match | undefined> = new Map([
  ["set", parseSet],
  ["ipvs", parseIpvs],
  ["physdev", parsePhysdev],
]);

/** Reads the options after `-m NAME`; undefined for a module, or a use of it, without a match kind. */
export function parseModule(name: string, words: readonly string[]): readonly Match[] | undefined {
  const readWords = WORD_READERS.get(name);
  if (readWords !== undefined) {
    const match = readWords(words);
    return match && [match];
  }
  const read = READERS.get(name);
  const options = read === undefined ? undefined : parseOptions(words);
  const found = options && read?.(options);
  const matches = found?.filter((match) => match !== undefined);
  if (matches === undefined || matches.length !== found?.length) return undefined;
  return matches.map((match, at) => (at === 0 ? match : { ...match, joined: true }));
}

function parseOptions(words: readonly string[]): readonly Option[] | undefined {
  const options: Option[] = [];
  for (let at = 0; at < words.length; ) {
    const negated = words[at] === "!";
    const name = words[negated ? at + 1 : at];
    if (name === undefined || !name.startsWith("--")) return undefined;
    at += negated ? 2 : 1;
    const word = words[at];
    const hasValue = word !== undefined && (name === "--comment" || !(word.startsWith("--") || word === "!"));
    // Only these two are ever saved in quotes; other quoted words stay as they are, in an unknown match.
    if (hasValue && word.includes('"') && name !== "--comment" && name !== "--nfacct-name") return undefined;
    if (hasValue) at += 1;
    const hasSecond = name === "--tcp-flags" && hasValue;
    options.push({
      name,
      negated,
      value: hasValue ? unquote(word) : undefined,
      second: hasSecond ? words[at] : undefined,
    });
    if (hasSecond) at += 1;
  }
  return options;
}

function only(options: readonly Option[], name: string): { value: string; negated: boolean } | undefined {
  const [option] = options;
  if (options.length !== 1 || option?.name !== name || option.value === undefined) return undefined;
  return { value: option.value, negated: option.negated };
}

function commentMatch(options: readonly Option[]): Match | undefined {
  const comment = only(options, "--comment");
  return comment && !comment.negated ? { kind: "comment", negated: false, text: comment.value } : undefined;
}

function transportMatches(protocol: TransportProtocol, options: readonly Option[]): ReturnType<Reader> {
  if (options.length === 0) return [{ kind: "destination-port", negated: false, protocol, ports: undefined }];
  return options.map((option) => transportMatch(protocol, option));
}

function transportMatch(protocol: TransportProtocol, option: Option): Match | undefined {
  const { name, negated, value = "" } = option;
  if (name === "--sport" || name === "--dport") {
    const ports = parsePorts(value);
    return ports && { kind: name === "--sport" ? "source-port" : "destination-port", negated, protocol, ports };
  }
  return protocol === "tcp" ? flagsMatch(option) : undefined;
}

/** `--syn` is what iptables-save prints as `--tcp-flags FIN,SYN,RST,ACK SYN`. */
function flagsMatch({ name, negated, value, second }: Option): Match | undefined {
  if (name === "--syn" && value === undefined) {
    return { kind: "tcp-flags", negated, mask: ["FIN", "SYN", "RST", "ACK"], set: ["SYN"] };
  }
  if (name !== "--tcp-flags" || value === undefined || second === undefined) return undefined;
  const [mask, set] = [parseFlags(value), parseFlags(second)];
  return mask && set && { kind: "tcp-flags", negated, mask, set };
}

function parseFlags(text: string): readonly TcpFlag[] | undefined {
  if (text === "NONE") return [];
  if (text === "ALL") return tcpFlags;
  const names = text.split(",");
  const found = tcpFlags.filter((flag) => names.includes(flag));
  return found.length === names.length ? found : undefined;
}

function multiportMatch(options: readonly Option[]): Match | undefined {
  const [option] = options;
  const sides = { "--sports": "source", "--dports": "destination", "--ports": "either" } as const;
  const side = (["--sports", "--dports", "--ports"] as const).find((name) => name === option?.name);
  if (option === undefined || side === undefined || options.length !== 1) return undefined;
  const ports = (option.value ?? "").split(",").map(parsePorts);
  const known = ports.filter((range) => range !== undefined);
  if (known.length !== ports.length) return undefined;
  return { kind: "multiport", negated: option.negated, side: sides[side], ports: known };
}

/** A single address is saved as a range. */
function addressRangeMatch({ name, negated, value = "" }: Option): Match | undefined {
  if (name !== "--src-range" && name !== "--dst-range") return undefined;
  const [, from, to = from] = /^([0-9a-f.:]+)(?:-([0-9a-f.:]+))?$/i.exec(value) ?? [];
  if (from === undefined || to === undefined) return undefined;
  return { kind: "address-range", negated, side: name === "--src-range" ? "source" : "destination", from, to };
}

function icmpMatch(protocol: "icmp" | "icmp6", options: readonly Option[]): Match | undefined {
  const found = only(options, protocol === "icmp" ? "--icmp-type" : "--icmpv6-type");
  return found && /^[\w/-]+$/.test(found.value)
    ? { kind: "icmp", negated: found.negated, protocol, type: found.value }
    : undefined;
}

const parsePorts = (text: string) => parsePortRange(text, ":");

export function parsePortRange(text: string, between: ":" | "-"): PortRange | undefined {
  const [from = "", to = from, ...more] = text.split(between);
  if (!/^\d{1,5}$/.test(from) || !/^\d{1,5}$/.test(to) || more.length > 0) return undefined;
  return { from: Number(from), to: Number(to) };
}

function addressTypeMatch({ name, negated, value }: Option): Match | undefined {
  if ((name !== "--src-type" && name !== "--dst-type") || value === undefined) return undefined;
  return { kind: "address-type", negated, side: name === "--src-type" ? "source" : "destination", type: value };
}

function stateMatch(kind: "conntrack" | "state", name: string, options: readonly Option[]): Match | undefined {
  const state = only(options, name);
  return state && { kind, negated: state.negated, states: state.value.split(",") };
}

function markMatch(kind: "mark" | "connmark", options: readonly Option[]): Match | undefined {
  const found = only(options, "--mark");
  const mark = found && parseValueAndMask(found.value);
  return found && mark && { kind, negated: found.negated, ...mark };
}

function recentMatch(options: readonly Option[]): Match | undefined {
  const [first, ...rest] = options;
  const action = (["rcheck", "set", "update"] as const).find((name) => first?.name === `--${name}`);
  if (first === undefined || first.value !== undefined || action === undefined) return undefined;
  if (rest.some((option) => option.negated)) return undefined;
  const known = ["--seconds", "--reap", "--name", "--mask", "--rsource", "--rdest"];
  // In iptables-save's own order, each once: any other line is kept word by word.
  const places = rest.map((option) => known.indexOf(option.name));
  if (places.some((place, index) => place < 0 || place <= (places[index - 1] ?? -1))) return undefined;
  const value = (name: string) => rest.find((option) => option.name === name)?.value;
  const has = (name: string) => rest.some((option) => option.name === name);
  if (
    rest.some((option) => (option.value === undefined) !== ["--reap", "--rsource", "--rdest"].includes(option.name))
  ) {
    return undefined;
  }
  const name = value("--name");
  const seconds = has("--seconds") ? parseNumber(value("--seconds") ?? "") : undefined;
  if (name === undefined || has("--rsource") === has("--rdest")) return undefined;
  if (has("--seconds") && seconds === undefined) return undefined;
  const side = has("--rsource") ? "rsource" : "rdest";
  const { negated } = first;
  return { kind: "recent", negated, action, seconds, reap: has("--reap"), name, mask: value("--mask"), side };
}

function statisticMatch(options: readonly Option[]): Match | undefined {
  const [mode, probability] = options;
  if (options.length !== 2 || mode?.name !== "--mode" || mode.value !== "random" || mode.negated) return undefined;
  if (probability?.name !== "--probability" || !/^[01]\.\d+$/.test(probability.value ?? "")) return undefined;
  const threshold = Math.round(Number(probability.value) * 2 ** 31);
  if (threshold > 2 ** 31) return undefined;
  return { kind: "statistic", negated: probability.negated, threshold };
}

function nfacctMatch(options: readonly Option[]): Match | undefined {
  const found = only(options, "--nfacct-name");
  return found && !found.negated ? { kind: "nfacct", negated: false, counter: found.value } : undefined;
}

/** `--match-set NAME dst,dst`, as iptables-save writes it; other options are unknown. */
export function parseSet(words: readonly string[]): Match | undefined {
  const { negated, rest } = splitNegation(words);
  const [option, name = "", list = "", ...more] = rest;
  if (option !== "--match-set" || more.length > 0 || !/^[^"\s]+$/.test(name)) return undefined;
  const sides = list.split(",").map((side) => (side === "src" || side === "dst" ? side : undefined));
  const known = sides.filter((side) => side !== undefined);
  return known.length === sides.length ? { kind: "set", negated, name, sides: known } : undefined;
}

/** `--vproto 6 --vaddr 203.0.113.1 --vport 80`, in iptables-save's own order. */
export function parseIpvs(words: readonly string[]): Match | undefined {
  const [protocolOption, protocolText = "", addressOption, address = "", portOption, portText = "", ...more] = words;
  const protocol = parseNumber(protocolText);
  const port = parseNumber(portText);
  if (protocolOption !== "--vproto" || addressOption !== "--vaddr" || portOption !== "--vport") return undefined;
  if (protocol === undefined || port === undefined || !/^[0-9a-f.:]+$/.test(address) || more.length > 0) {
    return undefined;
  }
  return { kind: "ipvs", negated: false, protocol, address, port };
}

export function parsePhysdev(words: readonly string[]): Match | undefined {
  const { negated, rest } = splitNegation(words);
  return rest.length === 1 && rest[0] === "--physdev-is-in" ? { kind: "physdev-is-in", negated } : undefined;
}

function splitNegation(words: readonly string[]): { readonly negated: boolean; readonly rest: readonly string[] } {
  return words[0] === "!" ? { negated: true, rest: words.slice(1) } : { negated: false, rest: words };
}
