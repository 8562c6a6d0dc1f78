import { type HostDocument, type HostText, notInstalled, textsUnder, toolNames } from "../../ir/artifact.ts";
import { linksCommand } from "../../languages/iproute.ts";
import { kernelTables, legacyWarning, otherBackend } from "../../languages/iptables/language.ts";
import { readTables } from "../../languages/iptables/read-tables.ts";
import { kernelServers, serversInKernel } from "../../languages/ipvs/language.ts";
import { countersCommand } from "../../languages/nfacct.ts";
import { nftTables, rulesetCommand, tablesCommand } from "../../languages/nftables/language.ts";
import { tableName } from "../../languages/nftables/stages.ts";
import { languageOf } from "../../languages/registry.ts";
import { sysctlCommand } from "../../languages/sysctl.ts";
import { type Family, families } from "../../model/address.ts";
import { addressDevice, ownChains, ownSets, ownTables } from "../../programs/registry.ts";
import { ownedRules } from "../owned-objects.ts";
import { type HostProblem, type HostState, parseHostState } from "./host-state.ts";

/** A host document, read and doubted. */
export interface HostReading {
  readonly state: HostState;
  /** Why the reading cannot be relied on: nothing may be planned from it. */
  readonly problems: readonly HostProblem[];
  /** Rules of kube-proxy's kind that packets meet beside those that were read, and where there may be some. */
  readonly otherRules: readonly HostProblem[];
}

/** One thing to doubt about a reading. Each looks at all of it, and gives nothing where there is nothing to doubt. */
type Check = (document: HostDocument, state: HostState) => readonly HostProblem[];

/**
 * Reads a document and checks it against itself and against what the kernel says: a tool that failed may hide
 * something, and so may one that prints too little.
 */
export function readHostDocument(document: HostDocument): HostReading {
  const { state, problems } = parseHostState(document);
  return {
    state,
    // First the cause: a line that is cut off cannot be read either.
    problems: [...linesCutOff(document), ...problems, ...readingChecks.flatMap((check) => check(document, state))],
    otherRules: otherRuleChecks.flatMap((check) => check(document, state)),
  };
}

/** The other rules alone: a text without a sign of any need not be parsed. */
export function readOtherRules(document: HostDocument): readonly HostProblem[] {
  const mayHave = families.some((family) => {
    const tool = toolNames[family];
    const signs = [tablesCommand, kernelTables(family), `${tool}-legacy-save`, `${tool}-nft-save`];
    return (
      signs.some((heading) => hasText(document, heading)) || textOf(document, `${tool}-save`).includes(legacyWarning)
    );
  });
  return mayHave ? readHostDocument(document).otherRules : [];
}

/** Whether it is only unknown if there are other rules. */
export function isUnread({ code }: HostProblem): boolean {
  return code === "host-other-backend-unread";
}

/** `iptables-save: line 3: ...` */
export function describeProblem({ heading, line, message }: HostProblem): string {
  return `${heading}: ${line === undefined ? "" : `line ${line}: `}${message}`;
}

const readingChecks: readonly Check[] = [
  toolsFailed,
  tablesMissing,
  nftTablesMissing,
  serversMissing,
  linksMissing,
  tablesCutOff,
  setsMissing,
  countersMissing,
  serversUnbound,
];

const otherRuleChecks: readonly Check[] = [rulesOfOtherBackend, rulesOfNftables];

const notAsked = "the document has no such heading";

/** The state of a host is unknown without these. */
const indispensable: readonly string[] = [linksCommand, "iptables-save"];
const needed: readonly string[] = [...indispensable, "ip6tables-save", "ipset save", "ipvsadm -Sn"];

function toolsFailed(document: HostDocument): readonly HostProblem[] {
  return needed.flatMap((heading) => {
    const isMissing = document.kind === "collected" && !hasText(document, heading);
    const failure = document.failures[heading] ?? (isMissing ? notAsked : undefined);
    if (failure === undefined || isHarmless(document, heading, failure)) return [];
    return [problem("host-tool-failed", heading, failure)];
  });
}

function isHarmless(document: HostDocument, heading: string, failure: string): boolean {
  if (failure.startsWith("no /proc/")) return true;
  if (heading === "ip6tables-save" && /can't initialize|does not exist|not supported/i.test(failure)) return true;
  const isAbsent =
    failure === notInstalled ||
    failure === notAsked ||
    (heading === "ipset save" && failure.includes("Cannot open session"));
  if (!isAbsent || indispensable.includes(heading)) return false;
  const rules = document.texts.filter(isRules);
  const asksForSets = rules.some(({ text }) => text.includes(`--match-set ${ownSets.prefix}`));
  return heading === "ip6tables-save" || (heading === "ipset save" && !asksForSets);
}

function isRules({ heading }: HostText): boolean {
  return heading === "iptables-save" || heading === "ip6tables-save";
}

/** The kernel names its tables of iptables-legacy; nft lists those of iptables-nft. */
function tablesMissing(document: HostDocument, { rules }: HostState): readonly HostProblem[] {
  return families.flatMap((family) => {
    const read = rules[family];
    if (read === undefined) return [];
    const heading = `${toolNames[family]}-save`;
    const names = read.backend === "legacy" ? legacyTables(document, family) : ruleTables(document, family);
    // A table that iptables-nft cannot print is named in a comment, which is a problem of its own.
    const isPrinted = (name: string): boolean =>
      read.tables.has(name) || textOf(document, heading).includes(`\`${name}'`);
    const missing = names.filter((name) => !isPrinted(name));
    if (missing.length === 0) return [];
    return [
      problem("host-output-missing", heading, `it does not print ${listOf("table", missing)}, which the kernel has`),
    ];
  });
}

function legacyTables(document: HostDocument, family: Family): readonly string[] {
  return textOf(document, kernelTables(family))
    .split("\n")
    .filter((name) => name !== "");
}

const iptablesTables = new Set(["filter", "nat", "mangle", "raw", "security"]);

function ruleTables(document: HostDocument, family: Family): readonly string[] {
  const wanted = family === "ipv4" ? "ip" : "ip6";
  const own = nftTables(textOf(document, tablesCommand)).filter((table) => table.family === wanted);
  return own.map(({ name }) => name).filter((name) => iptablesTables.has(name));
}

/** `nft list tables` is a command of its own: a ruleset without one of its tables was cut short. */
function nftTablesMissing(document: HostDocument, { tables }: HostState): readonly HostProblem[] {
  if (tables === undefined) return [];
  const known = new Set(tables.tables.map(tableName));
  const names = nftTables(textOf(document, tablesCommand)).filter(ownTables.isOwned).map(tableName);
  const missing = names.filter((name) => !known.has(name));
  if (missing.length === 0) return [];
  const message = `it does not print ${listOf("table", missing)}, which the kernel has`;
  return [problem("host-output-missing", rulesetCommand, message)];
}

function serversMissing(document: HostDocument, { servers }: HostState): readonly HostProblem[] {
  const listed = textOf(document, kernelServers);
  // It has a heading even where there is no virtual server.
  if (listed === "" || !hasText(document, "ipvsadm -Sn")) return [];
  const count = serversInKernel(listed);
  if (count === servers.length) return [];
  const message = `it prints ${servers.length} of the ${count} virtual servers that the kernel has`;
  return [problem("host-output-missing", "ipvsadm -Sn", message)];
}

/** Every host has a loopback interface. */
function linksMissing(document: HostDocument): readonly HostProblem[] {
  const isEmpty = hasText(document, linksCommand) && /^\s*(?:\[\s*\])?\s*$/.test(textOf(document, linksCommand));
  return isEmpty ? [problem("host-output-missing", linksCommand, "it prints no interface")] : [];
}

/** Commands that print whole lines. */
const inLines = [
  "iptables-save",
  "ip6tables-save",
  "ipset save",
  "ipvsadm -Sn",
  sysctlCommand,
  countersCommand,
  rulesetCommand,
];

function linesCutOff(document: HostDocument): readonly HostProblem[] {
  return inLines.flatMap((heading) => {
    const text = textOf(document, heading);
    if (document.kind !== "collected" || text === "" || text.endsWith("\n")) return [];
    return [problem("host-output-truncated", heading, "its last line does not end")];
  });
}

/** A comment stands before each table, and another after it: a text may also end between two tables. */
function tablesCutOff(document: HostDocument): readonly HostProblem[] {
  return families.flatMap((family) => {
    const heading = `${toolNames[family]}-save`;
    const text = textOf(document, heading);
    if (text.lastIndexOf("# Generated by ") <= text.lastIndexOf("# Completed on ")) return [];
    return [problem("host-output-truncated", heading, "it ends before the comment that ends the last table")];
  });
}

/** The kernel refuses a rule that matches on a set that does not exist, and a set that a rule uses stays. */
function setsMissing(document: HostDocument, { sets }: HostState): readonly HostProblem[] {
  if (!hasText(document, "ipset save")) return [];
  const known = new Set(sets.map(({ name }) => name));
  const missing = namesInRules(document, / --match-set (\S+)/g).filter((name) => !known.has(name));
  if (missing.length === 0) return [];
  return [
    problem(
      "host-outputs-contradict",
      "ipset save",
      `it does not print ${listOf("set", missing)}, which rules match on`,
    ),
  ];
}

function countersMissing(document: HostDocument, { counters }: HostState): readonly HostProblem[] {
  if (counters === undefined) return [];
  const missing = namesInRules(document, / --nfacct-name +(\S+)/g).filter((name) => !counters.has(name));
  if (missing.length === 0) return [];
  const message = `it does not print ${listOf("counter", missing)}, which rules use`;
  return [problem("host-outputs-contradict", countersCommand, message)];
}

function namesInRules({ texts }: HostDocument, pattern: RegExp): readonly string[] {
  const names = new Set<string>();
  for (const { text } of texts.filter(isRules)) {
    for (const [, name = ""] of text.matchAll(pattern)) names.add(name);
  }
  return [...names];
}

/** Where the kernel's own list was not read: addresses that are bound belong to virtual servers. */
function serversUnbound(document: HostDocument, { servers, serviceAddresses }: HostState): readonly HostProblem[] {
  if (textOf(document, kernelServers) !== "" || !hasText(document, "ipvsadm -Sn")) return [];
  if (servers.length > 0 || serviceAddresses === undefined || serviceAddresses.size === 0) return [];
  const message = `it prints no virtual server, but ${addressDevice} has ${serviceAddresses.size} addresses`;
  return [problem("host-outputs-contradict", "ipvsadm -Sn", message)];
}

function rulesOfOtherBackend(document: HostDocument, { rules }: HostState): readonly HostProblem[] {
  return families.flatMap((family) => {
    const other = otherBackend(rules[family]?.backend ?? "legacy");
    const heading = `${toolNames[family]}-${other}-save`;
    const parts = textsUnder(document, heading);
    const chains = parts.length === 0 ? [] : leadingChains(readTables(parts));
    if (chains.length > 0) {
      const message = `its rules lead packets to ${chains.join(", ")}, beside those of ${toolNames[family]}`;
      return [problem("host-other-backend", heading, message)];
    }
    if (parts.length > 0 || !hasOtherTables(document, family, other)) return [];
    const why = document.failures[heading] ?? "not read";
    return [
      problem("host-other-backend-unread", heading, `the kernel has its tables, but their rules are unknown: ${why}`),
    ];
  });
}

/** The chains of kube-proxy that built-in chains lead to. The kubelet has one too, in whichever back end it uses. */
function leadingChains(tables: Parameters<typeof ownedRules>[0]): readonly string[] {
  const jumps = [...ownedRules(tables).tables.values()].flatMap(({ jumps }) => [...jumps.values()].flat());
  const targets = new Set(jumps.map((line) => languageOf.iptables.lines.targetOf(line) ?? ""));
  return [...targets].filter((name) => ownChains.roleOf(name) !== "guard");
}

function hasOtherTables(document: HostDocument, family: Family, other: "legacy" | "nft"): boolean {
  const heading = `${toolNames[family]}-save`;
  if (other === "nft") return ruleTables(document, family).length > 0;
  return legacyTables(document, family).length > 0 || textOf(document, heading).includes(legacyWarning);
}

/** Only where their rules were not read: then nothing can be planned for them. */
function rulesOfNftables(document: HostDocument, { tables: read }: HostState): readonly HostProblem[] {
  if (read !== undefined) return [];
  const tables = nftTables(textOf(document, tablesCommand)).filter(ownTables.isOwned);
  return tables.map(({ family, name }) => {
    const message = `there is table ${family} ${name} of kube-proxy's nftables mode`;
    return problem("host-nftables-rules", tablesCommand, message);
  });
}

function problem(code: HostProblem["code"], heading: string, message: string): HostProblem {
  return { code, heading, line: undefined, message };
}

function hasText(document: HostDocument, heading: string): boolean {
  return document.texts.some((text) => text.heading === heading);
}

function textOf(document: HostDocument, heading: string): string {
  return textsUnder(document, heading)[0]?.text ?? "";
}

const mostNamed = 5;

/** `table nat`, `sets A, B and 3 more` */
function listOf(what: string, names: readonly string[]): string {
  const rest = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : "";
  return `${what}${names.length === 1 ? "" : "s"} ${names.slice(0, mostNamed).join(", ")}${rest}`;
}
