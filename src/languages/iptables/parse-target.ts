import { parsePortRange } from "./parse-match.ts";
import type { Target } from "./rule.ts";
import { parseNumber, parseValueAndMask } from "./words.ts";

/** Reads the rest of a rule from `-j` or `-g` on; undefined when nothing follows. */
export function parseTarget(words: readonly string[]): Target | undefined {
  const [option, word, ...rest] = words;
  if (word === undefined) return undefined;
  const quoted = words.some((each) => each.includes('"'));
  return (quoted ? undefined : knownTarget(option, word, rest)) ?? { kind: "unknown", words };
}

function knownTarget(option: string | undefined, name: string, rest: readonly string[]): Target | undefined {
  if (option === "-g") return rest.length === 0 ? { kind: "goto", chain: name } : undefined;
  if (rest.length === 0) return bareTarget(name);
  return OPTION_READERS.get(name)?.(rest);
}

function bareTarget(name: string): Target | undefined {
  if (name === "ACCEPT") return { kind: "accept" };
  if (name === "DROP") return { kind: "drop" };
  if (name === "RETURN") return { kind: "return" };
  if (name === "REJECT") return { kind: "reject", with: undefined };
  if (name === "MASQUERADE") return { kind: "masquerade", randomFully: false };
  if (name === "REDIRECT") return { kind: "redirect", ports: undefined, random: false };
  if (name === "NOTRACK") return { kind: "notrack", by: "NOTRACK" };
  return needOptions.has(name) ? undefined : { kind: "jump", chain: name };
}

/** Targets that have no meaning without options. No chain may have the name of a target (iptables.c). */
const needOptions: ReadonlySet<string> = new Set(["MARK", "CONNMARK", "DNAT", "SNAT", "NETMAP", "TPROXY"]);

const OPTION_READERS: ReadonlyMap<string, (options: readonly string[]) => Target | undefined> = new Map<
  string,
  (options: readonly string[]) => Target | undefined
>([
  [
    "MASQUERADE",
    (options) => (isOnly(options, "--random-fully") ? { kind: "masquerade", randomFully: true } : undefined),
  ],
  ["CT", (options) => (isOnly(options, "--notrack") ? { kind: "notrack", by: "CT" } : undefined)],
  ["REJECT", (options) => withValue(options, "--reject-with", (value) => ({ kind: "reject", with: value }))],
  ["DNAT", (options) => withValue(options, "--to-destination", (value) => ({ kind: "dnat", destination: value }))],
  ["NETMAP", (options) => withValue(options, "--to", (value) => ({ kind: "netmap", to: value }))],
  ["SNAT", parseSnat],
  ["REDIRECT", parseRedirect],
  ["MARK", parseMark],
  ["CONNMARK", parseConnectionMark],
  ["TPROXY", parseTproxy],
]);

function isOnly(options: readonly string[], name: string): boolean {
  return options.length === 1 && options[0] === name;
}

function withValue(
  options: readonly string[],
  name: string,
  read: (value: string) => Target | undefined,
): Target | undefined {
  const [option, value] = options;
  return options.length === 2 && option === name && value !== undefined ? read(value) : undefined;
}

function parseSnat([option, source, ...flags]: readonly string[]): Target | undefined {
  if (option !== "--to-source" || source === undefined) return undefined;
  return flags.every((flag) => natFlags.has(flag)) ? { kind: "snat", source, flags } : undefined;
}

const natFlags: ReadonlySet<string> = new Set(["--random", "--random-fully", "--persistent"]);

/** `--to-ports 8080-8090 --random`, in iptables-save's own order. */
function parseRedirect(options: readonly string[]): Target | undefined {
  const random = options.at(-1) === "--random";
  const rest = random ? options.slice(0, -1) : options;
  if (rest.length === 0) return { kind: "redirect", ports: undefined, random };
  return withValue(rest, "--to-ports", (value) => {
    const ports = parsePortRange(value, "-");
    return ports && { kind: "redirect", ports, random };
  });
}

/** iptables-save writes every form of MARK like this: `--or-mark 0x10` is `--set-xmark 0x10/0x10`. */
function parseMark(options: readonly string[]): Target | undefined {
  return withValue(options, "--set-xmark", (value) => {
    const mark = value.includes("/") ? parseValueAndMask(value) : undefined;
    return mark && { kind: "mark", ...mark };
  });
}

function parseConnectionMark(options: readonly string[]): Target | undefined {
  if (options[0] === "--set-xmark") {
    return withValue(options, "--set-xmark", (value) => {
      const mark = value.includes("/") ? parseValueAndMask(value) : undefined;
      return mark && { kind: "connmark-set", ...mark };
    });
  }
  const [action, first, packet = "", second, connection = "", ...more] = options;
  if (action !== "--save-mark" && action !== "--restore-mark") return undefined;
  if (first !== "--nfmask" || second !== "--ctmask" || more.length > 0) return undefined;
  const [packetMask, connectionMask] = [parseMask(packet), parseMask(connection)];
  if (packetMask === undefined || connectionMask === undefined) return undefined;
  return { kind: action === "--save-mark" ? "connmark-save" : "connmark-restore", packetMask, connectionMask };
}

function parseMask(text: string): number | undefined {
  return /^0x[0-9a-f]{1,8}$/i.test(text) ? Number(text) : undefined;
}

function parseTproxy(options: readonly string[]): Target | undefined {
  const [portOption, portText = "", addressOption, address, markOption, markText = "", ...more] = options;
  const port = parseNumber(portText);
  const mark = parseValueAndMask(markText);
  if (portOption !== "--on-port" || addressOption !== "--on-ip" || markOption !== "--tproxy-mark") return undefined;
  if (port === undefined || address === undefined || mark === undefined || more.length > 0) return undefined;
  return { kind: "tproxy", port, address, ...mark };
}
