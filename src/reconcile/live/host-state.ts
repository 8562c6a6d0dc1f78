import type { hostCodes } from "../../diagnostics/catalog/node.ts";
import {
  type Backend,
  type HostDocument,
  type LanguageId,
  type TextPart,
  type TextProblem,
  textsUnder,
  toolNames,
} from "../../ir/artifact.ts";
import { listFlows, parseFlows, type UdpFlow } from "../../languages/conntrack.ts";
import { givenAddresses, linksCommand, parseLinks } from "../../languages/iproute.ts";
import { parseSets, type SavedSet } from "../../languages/ipset/text.ts";
import { legacyWarning } from "../../languages/iptables/language.ts";
import { hidesRules, readTables, type SavedTables } from "../../languages/iptables/read-tables.ts";
import { parseTimeouts, timeoutsCommand } from "../../languages/ipvs/language.ts";
import { parseServers, type SavedServer } from "../../languages/ipvs/text.ts";
import { countersCommand, parseCounters } from "../../languages/nfacct.ts";
import { readRuleset } from "../../languages/nftables/read-ruleset.ts";
import type { Ruleset } from "../../languages/nftables/ruleset.ts";
import { headingOf, languageOf, languages } from "../../languages/registry.ts";
import { parseSysctls, sysctlCommand } from "../../languages/sysctl.ts";
import type { Family } from "../../model/address.ts";
import { addressDevice, ownTables } from "../../programs/registry.ts";

/** A parsed host document, with our objects and foreign ones: the input for planning changes. */
export interface HostState {
  readonly name: string;
  /** Every address of its interfaces except loopback and service addresses. */
  readonly addresses: readonly string[];
  /** Undefined: the host has no iptables of this family; `withoutRules` is the reason. */
  readonly rules: Readonly<Record<Family, HostRules | undefined>>;
  readonly withoutRules: Readonly<Record<Family, string | undefined>>;
  readonly sets: readonly SavedSet[];
  /** Of nftables. Undefined: they cannot be listed on this host; `withoutTables` is the reason. */
  readonly tables: Ruleset | undefined;
  readonly withoutTables: string;
  readonly servers: readonly SavedServer[];
  /** The addresses of kube-ipvs0; undefined: the device does not exist. */
  readonly serviceAddresses: ReadonlySet<string> | undefined;
  readonly sysctls: ReadonlyMap<string, string>;
  /** Undefined: they cannot be listed on this host. */
  readonly counters: ReadonlySet<string> | undefined;
  /** `900 120 300`, or undefined where IPVS is not loaded. */
  readonly timeouts: string | undefined;
  readonly flows: readonly UdpFlow[];
  /** The languages of which a host that was not collected as a whole has no text. */
  readonly unread: ReadonlySet<LanguageId>;
}

export interface HostRules {
  readonly backend: Backend;
  readonly tables: SavedTables["tables"];
}

/** Something that makes a reading of a host unreliable, or that is on the host beside what was read. */
export interface HostProblem {
  readonly code: keyof typeof hostCodes;
  /** The command that printed it, or should have. */
  readonly heading: string;
  /** Of its output, from 1; undefined: all of it. */
  readonly line: number | undefined;
  readonly message: string;
}

/** Parses a document. Problems describe its unreliable parts: a broken line may hide a rule. */
export function parseHostState(document: HostDocument): {
  readonly state: HostState;
  readonly problems: readonly HostProblem[];
} {
  const problems: HostProblem[] = [];
  const text = (heading: string): string =>
    textsUnder(document, heading)
      .map((part) => part.text)
      .join("");
  const report = (heading: string, found: readonly TextProblem[]): void => {
    for (const { line, message } of found) problems.push({ code: "host-output-unreadable", heading, line, message });
  };
  const rules = (family: Family): HostRules | undefined => {
    const heading = `${toolNames[family]}-save`;
    const parts = textsUnder(document, heading);
    if (parts.length === 0) return undefined;
    const { tables, problems: found } = readTables(parts);
    for (const { kind, line, message } of found.filter(hidesRules)) {
      const code = kind === "cut-off" ? "host-output-truncated" : "host-output-unreadable";
      problems.push({ code, heading, line, message });
    }
    return { backend: backendOf(text(`${toolNames[family]} --version`), parts), tables };
  };
  const { sets, problems: setProblems } = parseSets(text("ipset save"));
  report("ipset save", setProblems);
  const { servers, problems: serverProblems } = parseServers(text("ipvsadm -Sn"));
  report("ipvsadm -Sn", serverProblems);
  const tables = tablesIn(textsUnder(document, headingOf("nftables")));
  report(headingOf("nftables"), tables?.problems ?? []);
  const links = parseLinks(text(linksCommand));
  if (links === undefined) {
    const [code, message] = ["host-output-unreadable", "not the JSON that ip prints"] as const;
    problems.push({ code, heading: linksCommand, line: undefined, message });
  }
  const device = links?.find(({ name }) => name === addressDevice);
  const listed = textsUnder(document, countersCommand)[0]?.text;
  const state: HostState = {
    name: document.name ?? "",
    addresses: (links ?? []).filter((link) => link !== device && !link.loopback).flatMap(({ ips }) => ips),
    rules: { ipv4: rules("ipv4"), ipv6: rules("ipv6") },
    withoutRules: { ipv4: document.failures["iptables-save"], ipv6: document.failures["ip6tables-save"] },
    sets,
    tables: tables?.ruleset,
    withoutTables: `${headingOf("nftables")}: ${document.failures[headingOf("nftables")] ?? "no output"}`,
    servers,
    serviceAddresses:
      device && new Set(givenAddresses(device).map((ip) => (ip.includes(":") ? `${ip}/128` : `${ip}/32`))),
    sysctls: parseSysctls(text(sysctlCommand)),
    counters: listed === undefined ? undefined : parseCounters(listed),
    timeouts: parseTimeouts(text(timeoutsCommand)),
    unread: unreadOf(document),
    flows: [...parseFlows(text(listFlows("ipv4").join(" "))), ...parseFlows(text(listFlows("ipv6").join(" ")))],
  };
  return { state, problems };
}

/** Problems in tables of other programs matter to nobody, unless they may hide that one of ours begins. */
function tablesIn(
  parts: readonly TextPart[],
): { readonly ruleset: Ruleset; readonly problems: readonly TextProblem[] } | undefined {
  if (parts.length === 0) return undefined;
  const { doc, problems } = readRuleset(parts);
  const isOfOthers = ({ line }: TextProblem): boolean => {
    const table = doc.tables.findLast((one) => one.line <= line);
    return table !== undefined && !ownTables.isOwned(table);
  };
  const hides = (problem: TextProblem): boolean => problem.message.startsWith("the text ends") || !isOfOthers(problem);
  return { ruleset: doc, problems: problems.filter(hides) };
}

/** Without its version a tool shows its back end in its output: by a heading, or by a warning about the other's tables. */
function backendOf(version: string, parts: readonly TextPart[]): Backend {
  if (version !== "") return languageOf.iptables.backEnds.inVersion(version);
  const isNft = parts.some(({ text }) => /^# Generated by .*\(nf_tables\)/m.test(text) || text.includes(legacyWarning));
  return isNft ? "nft" : "legacy";
}

function unreadOf({ kind, texts }: HostDocument): ReadonlySet<LanguageId> {
  if (kind === "collected") return new Set();
  const read = new Set(texts.map(({ language }) => language));
  return new Set(languages.flatMap(({ id }) => (read.has(id) ? [] : [id])));
}
