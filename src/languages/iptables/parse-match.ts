import type { Match, PortRange, TransportProtocol } from "./rule.ts";
import { parseNumber, parseValueAndMask, unquote } from "./words.ts";

interface Option {
  readonly name: string;
  readonly negated: boolean;
  readonly value: string | undefined;
}

type Reader = (options: readonly Option[]) => Match | undefined;

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["comment", commentMatch],
  ["tcp", (options) => portMatch("tcp", options)],
  ["udp", (options) => portMatch("udp", options)],
  ["sctp", (options) => portMatch("sctp", options)],
  ["addrtype", addressTypeMatch],
  ["conntrack", conntrackMatch],
  ["mark", markMatch],
  ["recent", recentMatch],
  ["statistic", statisticMatch],
  ["nfacct", nfacctMatch],
]);

/** These are told by their words: an option of theirs takes two values, several, or none. */
const WORD_READERS: ReadonlyMap<string, (words: readonly string[]) => Match | undefined> = new Map([
  ["set", parseSet],
  ["ipvs", parseIpvs],
  ["physdev", parsePhysdev],
]);

/** Reads the options after `-m NAME`; undefined for a module, or a use of it, that has no kind of its own. */
export function parseModule(name: string, words: readonly string[]): Match | undefined {
  const readWords = WORD_READERS.get(name);
  if (readWords !== undefined) return readWords(words);
  const read = READERS.get(name);
  const options = read === undefined ? undefined : parseOptions(words);
  return read === undefined || options === undefined ? undefined : read(options);
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
    options.push({ name, negated, value: hasValue ? unquote(word) : undefined });
    if (hasValue) at += 1;
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

function portMatch(protocol: TransportProtocol, options: readonly Option[]): Match | undefined {
  if (options.length === 0) return { kind: "destination-port", negated: false, protocol, ports: undefined };
  const port = only(options, "--dport");
  const ports = port && parsePorts(port.value);
  return port && ports ? { kind: "destination-port", negated: port.negated, protocol, ports } : undefined;
}

function parsePorts(text: string): PortRange | undefined {
  const [, from = "", to] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text) ?? [];
  return from === "" ? undefined : { from: Number(from), to: Number(to ?? from) };
}

function addressTypeMatch(options: readonly Option[]): Match | undefined {
  const source = only(options, "--src-type");
  const found = source ?? only(options, "--dst-type");
  if (found === undefined) return undefined;
  const side = source === undefined ? "destination" : "source";
  return { kind: "address-type", negated: found.negated, side, type: found.value };
}

function conntrackMatch(options: readonly Option[]): Match | undefined {
  const state = only(options, "--ctstate");
  return state && { kind: "conntrack", negated: state.negated, states: state.value.split(",") };
}

function markMatch(options: readonly Option[]): Match | undefined {
  const found = only(options, "--mark");
  const mark = found && parseValueAndMask(found.value);
  return found && mark && { kind: "mark", negated: found.negated, ...mark };
}

function recentMatch(options: readonly Option[]): Match | undefined {
  const [first, ...rest] = options;
  const action = (["rcheck", "set", "update"] as const).find((name) => first?.name === `--${name}`);
  if (first === undefined || first.value !== undefined || action === undefined) return undefined;
  if (rest.some((option) => option.negated)) return undefined;
  const known = ["--seconds", "--reap", "--name", "--mask", "--rsource", "--rdest"];
  // In the one order iptables-save writes them, each once: any other line is kept word by word.
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

/** `--match-set NAME dst,dst`, as iptables-save writes it; options beside it are not known. */
export function parseSet(words: readonly string[]): Match | undefined {
  const { negated, rest } = splitNegation(words);
  const [option, name = "", list = "", ...more] = rest;
  if (option !== "--match-set" || more.length > 0 || !/^[^"\s]+$/.test(name)) return undefined;
  const sides = list.split(",").map((side) => (side === "src" || side === "dst" ? side : undefined));
  const known = sides.filter((side) => side !== undefined);
  return known.length === sides.length ? { kind: "set", negated, name, sides: known } : undefined;
}

/** `--vproto 6 --vaddr 203.0.113.1 --vport 80`, in the one order iptables-save writes them. */
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
