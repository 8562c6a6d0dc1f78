import { parseValueAndMask } from "./numbers.ts";
import type { Target } from "./parsed.ts";

/** Reads the rest of a rule from `-j` or `-g` on; undefined when nothing follows. */
export function parseTarget(words: readonly string[]): Target | undefined {
  const [option, word, ...rest] = words;
  if (word === undefined) return undefined;
  const quoted = words.some((each) => each.includes('"'));
  const target = option === "-j" && !quoted ? knownTarget(word, rest) : undefined;
  return target ?? { kind: "unknown", words };
}

function knownTarget(name: string, rest: readonly string[]): Target | undefined {
  const [option, value] = rest;
  if (rest.length === 0) return bareTarget(name);
  if (name === "MASQUERADE" && rest.length === 1 && option === "--random-fully") {
    return { kind: "masquerade", randomFully: true };
  }
  if (rest.length !== 2 || value === undefined) return undefined;
  if (name === "REJECT" && option === "--reject-with") return { kind: "reject", with: value };
  if (name === "DNAT" && option === "--to-destination") return { kind: "dnat", destination: value };
  const mark =
    name === "MARK" && option === "--set-xmark" && value.includes("/") ? parseValueAndMask(value) : undefined;
  return mark && { kind: "mark", ...mark };
}

function bareTarget(name: string): Target | undefined {
  if (name === "ACCEPT") return { kind: "accept" };
  if (name === "DROP") return { kind: "drop" };
  if (name === "RETURN") return { kind: "return" };
  if (name === "REJECT") return { kind: "reject", with: undefined };
  if (name === "MASQUERADE") return { kind: "masquerade", randomFully: false };
  return name === "MARK" || name === "DNAT" ? undefined : { kind: "jump", chain: name };
}
