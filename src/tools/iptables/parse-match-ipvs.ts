import { parseNumber } from "./numbers.ts";
import type { Match } from "./parsed.ts";

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
