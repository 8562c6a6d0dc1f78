import { quote } from "./words.ts";

/**
 * Converts output of `iptables -L`, with or without -n, -v and --line-numbers, into lines of iptables-save, one for one
 * (print_firewall in iptables.c, and the print function of each extension, versions 1.4 to 1.8). Lines that hold no
 * chain and no rule become empty. What is not understood stays in the rule as an unknown match.
 */
export function listingToSave(lines: readonly string[]): readonly string[] {
  let chain: string | undefined;
  let columns: Columns | undefined;
  return lines.map((line) => {
    const [, name, rest = ""] = chainHeading.exec(line) ?? [];
    if (name !== undefined) {
      chain = name;
      columns = undefined;
      return `:${name} ${/^policy (\w+)/.exec(rest)?.[1] ?? "-"} [0:0]`;
    }
    const heading = columnsHeading.exec(line);
    if (heading !== null) {
      columns = { isNumbered: heading[1] !== undefined, isVerbose: heading[2] !== undefined };
      return "";
    }
    const listed = chain === undefined ? undefined : readRule(line, columns);
    return chain === undefined || listed === undefined ? "" : printRule(chain, listed);
  });
}

/** `Chain INPUT (policy ACCEPT 0 packets, 0 bytes)`, `Chain KUBE-SERVICES (2 references)` */
export const chainHeading = /^Chain (\S+) \(([^)]*)\)/;
export const columnsHeading = /^(num\s+)?(pkts\s+bytes\s+)?target\s+prot\s+opt\s/;

/** Whether a listing lacks interfaces, which only -v prints. */
export function lacksInterfaces(lines: readonly string[]): boolean {
  return lines.some((line) => columnsHeading.exec(line)?.[2] === undefined && columnsHeading.test(line));
}

interface Columns {
  readonly isNumbered: boolean;
  readonly isVerbose: boolean;
}

interface ListedRule {
  readonly target: string;
  readonly protocol: string;
  /** `-f`, `!f`, or no fragment condition. */
  readonly fragments: string;
  /** Undefined: not printed. */
  readonly interfaces: readonly [incoming: string, outgoing: string] | undefined;
  readonly source: string;
  readonly destination: string;
  /** The conditions and the options of the target, in the words of the extensions. */
  readonly rest: string;
}

const protocolColumn =
  /^!?(?:all|tcp|udp|udplite|sctp|dccp|icmp|icmpv6|ipv6-icmp|esp|ah|gre|igmp|mh|ospf|vrrp|ipencap|ipip|ipv6|\d{1,3})$/;
const optionColumn = /^(?:--|-f|!f)$/;

/** Every kind of listing; the first that fits a line without a heading is taken. */
const variants: readonly Columns[] = [
  { isNumbered: false, isVerbose: true },
  { isNumbered: true, isVerbose: true },
  { isNumbered: false, isVerbose: false },
  { isNumbered: true, isVerbose: false },
];

/** Whether a line may be a rule of a listing. */
export function isListedRule(line: string): boolean {
  return variants.some((columns) => readColumns(line, columns) !== undefined);
}

function readRule(line: string, columns: Columns | undefined): ListedRule | undefined {
  for (const each of columns === undefined ? variants : [columns]) {
    const rule = readColumns(line, each);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

/** The columns of a rule; undefined for a line without them. */
function readColumns(line: string, { isNumbered, isVerbose }: Columns): ListedRule | undefined {
  const words = [...line.matchAll(/\S+/g)].map(({ 0: text, index }) => ({ text, end: index + text.length }));
  const text = (at: number): string => words[at]?.text ?? "";
  const counters = isVerbose ? [Number(isNumbered), Number(isNumbered) + 1] : [];
  if ((isNumbered && !/^\d+$/.test(text(0))) || !counters.every((at) => isCount(text(at)))) return undefined;
  let at = Number(isNumbered) + counters.length;
  // A rule without a target has an empty column.
  const hasTarget = !(protocolColumn.test(text(at)) && optionColumn.test(text(at + 1)));
  const target = hasTarget ? text(at++) : "";
  const protocol = text(at++);
  if (!protocolColumn.test(protocol)) return undefined;
  // ip6tables before 1.8.9 leaves the column of options empty.
  const fragments = optionColumn.test(text(at)) ? text(at++) : "";
  const interfaces = isVerbose ? ([text(at), text(at + 1)] as const) : undefined;
  if (isVerbose) at += 2;
  const [source, destination] = [text(at), text(at + 1)];
  if (!addressColumn.test(source) || !addressColumn.test(destination)) return undefined;
  const end = words[at + 1]?.end ?? line.length;
  return { target, protocol, fragments, interfaces, source, destination, rest: line.slice(end).trim() };
}

function isCount(text: string): boolean {
  return /^\d+[KMGTP]?$/.test(text);
}

/** An address, a network, or without -n a name. */
const addressColumn = /^!?(?:anywhere|localhost|[\da-fA-F.:]+(?:\/[\d.a-fA-F:]+)?|[\w-]+(?:\.[\w-]+)+(?:\/\S+)?)$/;

function printRule(chain: string, listed: ListedRule): string {
  const { target, protocol, fragments, interfaces, source, destination, rest } = listed;
  if (target === "CT" && rest.endsWith("NOTRACK"))
    return printRule(chain, { ...listed, target: "NOTRACK", rest: rest.slice(0, -"NOTRACK".length).trim() });
  const isGoto = rest.startsWith("[goto]");
  const { matches, options } = readRest(isGoto ? rest.slice("[goto]".length).trim() : rest, target);
  const core = [
    ...addressMatch("-s", source),
    ...addressMatch("-d", destination),
    ...(interfaces === undefined
      ? []
      : [...interfaceMatch("-i", interfaces[0]), ...interfaceMatch("-o", interfaces[1])]),
    ...protocolMatch(protocol),
    ...(fragments === "-f" ? ["-f"] : fragments === "!f" ? ["! -f"] : []),
  ];
  const hasNoCondition = core.length === 0 && matches.every((match) => match.startsWith("-m comment "));
  // `ACCEPT all -- 0.0.0.0/0 0.0.0.0/0` is usually a rule for an interface, such as lo.
  const hidden = interfaces === undefined && hasNoCondition && verdicts.has(target) ? [interfacesNotListed] : [];
  const jump = target === "" ? [] : [`${isGoto ? "-g" : "-j"} ${target}`, ...options];
  return ["-A", chain, ...core, ...hidden, ...matches, ...jump].join(" ");
}

const verdicts: ReadonlySet<string> = new Set(["ACCEPT", "DROP", "REJECT", "RETURN"]);

/** An unknown match, as it is called where an answer depends on it. */
const interfacesNotListed = "-m interface --not-listed";

function addressMatch(option: string, column: string): readonly string[] {
  const { negation, text } = withoutNegation(column);
  if (text === "anywhere" || /^(?:0\.0\.0\.0|::)\/0$/.test(text)) return negation === "" ? [] : [`! ${option} ${text}`];
  const isAddress = /^[\d.]+$/.test(text) || text.includes(":");
  const length = !isAddress || text.includes("/") ? "" : text.includes(":") ? "/128" : "/32";
  return [`${negation}${option} ${text}${length}`];
}

function interfaceMatch(option: string, column: string): readonly string[] {
  const { negation, text } = withoutNegation(column);
  return text === "*" || text === "any" || text === "" ? [] : [`${negation}${option} ${text}`];
}

const protocolNames: Readonly<Record<string, string>> = {
  "1": "icmp",
  "6": "tcp",
  "17": "udp",
  "47": "gre",
  "50": "esp",
  "51": "ah",
  "58": "ipv6-icmp",
  "132": "sctp",
};

function protocolMatch(column: string): readonly string[] {
  const { negation, text } = withoutNegation(column);
  return text === "all" || text === "0" ? [] : [`${negation}-p ${protocolNames[text] ?? text}`];
}

function withoutNegation(column: string): { readonly negation: string; readonly text: string } {
  return column.startsWith("!") ? { negation: "! ", text: column.slice(1) } : { negation: "", text: column };
}

/** One extension's words at the beginning of a text, and the options of iptables-save for them. */
interface ListedWords {
  readonly pattern: RegExp;
  readonly save: (groups: readonly (string | undefined)[]) => string;
}

function readRest(
  rest: string,
  target: string,
): { readonly matches: readonly string[]; readonly options: readonly string[] } {
  const matches: string[] = [];
  const ofTarget = targetWords[target] ?? [];
  for (let left = rest; left !== ""; ) {
    const found = firstOf(ofTarget, left);
    // The words of the target come last.
    if (found !== undefined && found.left === "") return { matches, options: [found.save] };
    const match = firstOf(matchWords, left);
    if (match === undefined) {
      if (!optionsOnly.has(target)) matches.push(`-m listed --as ${quote(left)}`);
      break;
    }
    matches.push(match.save);
    left = match.left;
  }
  return { matches, options: [] };
}

function firstOf(entries: readonly ListedWords[], text: string) {
  for (const { pattern, save } of entries) {
    const found = pattern.exec(text);
    if (found !== null) return { save: save(found), left: text.slice(found[0].length).trim() };
  }
  return undefined;
}

/** Targets whose further words are options that no packet's way depends on. */
const optionsOnly: ReadonlySet<string> = new Set(
  "LOG NFLOG ULOG NFQUEUE TCPMSS SET TRACE AUDIT CHECKSUM CT TEE".split(" "),
);

const not = (sign: string | undefined): string => (sign === undefined || sign.trim() === "" ? "" : "! ");

const matchWords: readonly ListedWords[] = [
  { pattern: /^\/\* (.*?) \*\/(?=\s|$)/, save: ([, text = ""]) => `-m comment --comment ${quote(text)}` },
  { pattern: /^(tcp|udp|sctp)((?: (?:[sd]pts?:|flags:)\S+)*)(?=\s|$)/, save: transportWords },
  {
    pattern: /^(!?)(ipv6-)?icmp(?:type (\d+)(?: code (\d+))?| ([a-z][\w-]*))/,
    save: icmpWords,
  },
  {
    pattern: /^multiport (dports|sports|ports)\s+(!?)\s*([\w,:-]+)/,
    save: ([, side = "", sign, ports = ""]) =>
      `-m multiport ${not(sign)}--${side} ${ports.split(",").map(portRange).join(",")}`,
  },
  {
    pattern: /^ADDRTYPE match((?: (?:src|dst)-type !?[A-Z,]+| limit-(?:in|out))+)/,
    save: ([, words = ""]) => addressTypeWords(words),
  },
  {
    pattern: /^(! )?match-set (\S+) ((?:src|dst)(?:,(?:src|dst))*)/,
    save: ([, sign, set, sides]) => `-m set ${not(sign)}--match-set ${set} ${sides}`,
  },
  {
    pattern: /^(conn)?mark match\s+(! ?)?(0x[\da-f]+(?:\/0x[\da-f]+)?)/i,
    save: ([, of = "", sign, mark]) => `-m ${of}mark ${not(sign)}--mark ${mark}`,
  },
  {
    pattern: /^statistic mode random (! )?probability ([\d.]+)/,
    save: ([, sign, chance]) => `-m statistic --mode random ${not(sign)}--probability ${chance}`,
  },
  {
    pattern: /^statistic mode nth (! )?every (\d+)(?: packet (\d+))?/,
    save: ([, sign, every, packet = "0"]) => `-m statistic --mode nth ${not(sign)}--every ${every} --packet ${packet}`,
  },
  { pattern: /^(! )?ctstate ([A-Z,]+)/, save: ([, sign, states]) => `-m conntrack ${not(sign)}--ctstate ${states}` },
  { pattern: /^(! )?state ([A-Z,]+)/, save: ([, sign, states]) => `-m state ${not(sign)}--state ${states}` },
  {
    pattern: /^(! )?recent: (SET|CHECK|UPDATE) ((?:(?:seconds|hit_count|name|side|mask): \S+|reap)\s*)+/,
    save: ([whole]) => recentWords(whole ?? ""),
  },
  { pattern: /^limit: (?:up to|avg) (\S+) burst (\d+)/, save: ([, rate]) => `-m limit --limit ${rate}` },
  {
    pattern: /^(source|destination) IP range\s+(! ?)?([\da-f.:]+-[\da-f.:]+)/i,
    save: ([, side, sign, range]) => `-m iprange ${not(sign)}--${side === "source" ? "src" : "dst"}-range ${range}`,
  },
  {
    pattern: /^PHYSDEV match((?:\s+(?:! )?--physdev-(?:is-\w+|in \S+|out \S+))+)/,
    save: ([, words = ""]) => `-m physdev${words.replace(/\s+/g, " ")}`,
  },
  { pattern: /^nfacct-name\s+(\S+)/, save: ([, counter]) => `-m nfacct --nfacct-name ${counter}` },
  {
    pattern: /^(! )?owner (UID|GID) match (\S+)/,
    save: ([, sign, of = "", id]) => `-m owner ${not(sign)}--${of.toLowerCase()}-owner ${id}`,
  },
];

/** Names that iptables prints without -n for ports that rules of nodes often have. */
const portNames: Readonly<Record<string, string>> = {
  ftp: "21",
  ssh: "22",
  smtp: "25",
  domain: "53",
  bootps: "67",
  bootpc: "68",
  http: "80",
  ntp: "123",
  snmp: "161",
  https: "443",
  nfs: "2049",
  postgresql: "5432",
  mysql: "3306",
  "http-alt": "8080",
  mdns: "5353",
};

function portRange(text: string): string {
  return text
    .split(":")
    .map((port) => portNames[port] ?? port)
    .join(":");
}

function transportWords([, protocol = "", words = ""]: readonly (string | undefined)[]): string {
  const options = [...words.matchAll(/(spt|dpt|flags)s?:(!?)(\S+)/g)].map(([, kind, sign, value = ""]) => {
    if (kind !== "flags") return ` ${not(sign)}--${kind === "spt" ? "sport" : "dport"} ${portRange(value)}`;
    const [mask = "", set = ""] = value.split("/").map(flagNames);
    return ` ${not(sign)}--tcp-flags ${mask} ${set}`;
  });
  return `-m ${protocol}${options.join("")}`;
}

const flags = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"] as const;

/** `0x17` with -n, else names. */
function flagNames(text: string): string {
  if (!text.startsWith("0x")) return text;
  const bits = Number(text);
  return flags.filter((_, at) => (bits & (1 << at)) !== 0).join(",") || "NONE";
}

function icmpWords([, sign, version, type, code, name]: readonly (string | undefined)[]): string {
  const option = version === undefined ? "icmp --icmp-type" : "icmp6 --icmpv6-type";
  const [module, typeOption] = option.split(" ");
  const value = name ?? (type === "255" ? "any" : `${type}${code === undefined ? "" : `/${code}`}`);
  return `-m ${module} ${not(sign)}${typeOption} ${value}`;
}

function addressTypeWords(words: string): string {
  const options = [...words.matchAll(/ (?:(src|dst)-type (!?)([A-Z,]+)|limit-(in|out))/g)];
  const printed = options.map(([, side, sign, types, interfaces]) =>
    interfaces === undefined ? ` ${not(sign)}--${side}-type ${types}` : ` --limit-iface-${interfaces}`,
  );
  return `-m addrtype${printed.join("")}`;
}

function recentWords(text: string): string {
  const action = { SET: "set", CHECK: "rcheck", UPDATE: "update" }[
    /recent: (SET|CHECK|UPDATE)/.exec(text)?.[1] as "SET"
  ];
  const value = (name: string): string | undefined => new RegExp(`${name}: (\\S+)`).exec(text)?.[1];
  const option = (name: string, found: string | undefined): string =>
    found === undefined ? "" : ` --${name} ${found}`;
  const isReaping = /\breap\b/.test(text) ? " --reap" : "";
  const side = value("side") === "dest" ? "rdest" : "rsource";
  const named = `${option("seconds", value("seconds"))}${isReaping}${option("hitcount", value("hit_count"))}${option("name", value("name"))}`;
  return `-m recent ${text.startsWith("!") ? "! " : ""}--${action}${named}${option("mask", value("mask"))} --${side}`;
}

const natFlags = /^((?: ?(?:random-fully|random|persistent))*)$/;

/** The words of targets with options. Each must end the line. */
const targetWords: Readonly<Record<string, readonly ListedWords[]>> = {
  DNAT: [
    {
      pattern: /^to:(\S+)((?: (?:random|persistent))*)$/,
      save: ([, to, more = ""]) => `--to-destination ${to}${flagOptions(more)}`,
    },
  ],
  SNAT: [
    {
      pattern: /^to:(\S+)((?: (?:random-fully|random|persistent))*)$/,
      save: ([, to, more = ""]) => `--to-source ${to}${flagOptions(more)}`,
    },
  ],
  NETMAP: [{ pattern: /^to:(\S+)$/, save: ([, to]) => `--to ${to}` }],
  MASQUERADE: [
    { pattern: /^masq ports: (\S+)(.*)$/, save: ([, ports, more = ""]) => `--to-ports ${ports}${flagOptions(more)}` },
    { pattern: natFlags, save: ([, more = ""]) => flagOptions(more).trim() },
  ],
  REDIRECT: [
    {
      pattern: /^redir ports (\S+)( random)?$/,
      save: ([, ports, random]) => `--to-ports ${ports}${random === undefined ? "" : " --random"}`,
    },
  ],
  REJECT: [{ pattern: /^reject-with (\S+)$/, save: ([, how]) => `--reject-with ${how}` }],
  MARK: [{ pattern: /^MARK (or|xor|set|and|xset) (0x[\da-f]+)(?:\/(0x[\da-f]+))?$/i, save: markWords }],
  CONNMARK: [
    { pattern: /^CONNMARK (or|xor|set|and|xset) (0x[\da-f]+)(?:\/(0x[\da-f]+))?$/i, save: markWords },
    {
      pattern: /^CONNMARK (save|restore)(?: mask (0x[\da-f]+))?$/i,
      save: ([, how, mask = "0xffffffff"]) => `--${how}-mark --nfmask ${mask} --ctmask ${mask}`,
    },
    {
      pattern: /^CONNMARK (save|restore) (nfmask|ctmask) (0x[\da-f]+) (?:nfmask|ctmask) ~(0x[\da-f]+)$/i,
      save: ([, how, first, own, other]) => {
        const [packet, connection] = first === "nfmask" ? [own, other] : [other, own];
        return `--${how}-mark --nfmask ${packet} --ctmask ${connection}`;
      },
    },
  ],
  CT: [{ pattern: /^CT notrack$/, save: () => "--notrack" }],
  TPROXY: [
    {
      pattern: /^TPROXY redirect (\S+):(\d+) mark (0x[\da-f]+\/0x[\da-f]+)$/i,
      save: ([, address, port, mark]) => `--on-port ${port} --on-ip ${address} --tproxy-mark ${mark}`,
    },
  ],
};

function flagOptions(words: string): string {
  return words
    .split(" ")
    .filter((word) => word !== "")
    .map((word) => ` --${word}`)
    .join("");
}

/** Every form sets the bits of a mask (xt_mark.c). */
function markWords([, how = "", value = "0x0", mask]: readonly (string | undefined)[]): string {
  switch (how) {
    case "or":
      return `--set-xmark ${value}/${value}`;
    case "xor":
      return `--set-xmark ${value}/0x0`;
    case "and":
      return `--set-xmark 0x0/0x${(~Number(value) >>> 0).toString(16)}`;
    default:
      return `--set-xmark ${value}/${mask ?? "0xffffffff"}`;
  }
}
