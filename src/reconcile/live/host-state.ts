import { type TextProblem, toolNames } from "../../ir/text.ts";
import { parseFlows, type UdpFlow } from "../../languages/conntrack.ts";
import { parseLinks } from "../../languages/iproute.ts";
import { parseSets, type SavedSets } from "../../languages/ipset/parse.ts";
import { type ChainTexts, parseChains } from "../../languages/iptables/parse-chains.ts";
import { parseServers, type SavedServer } from "../../languages/ipvs/parse.ts";
import type { Family } from "../../model/address.ts";
import { addressDevice } from "../../programs/kube-proxy/names.ts";
import { setPrefix } from "../../programs/kube-proxy/set-names.ts";
import { sysctlsIn } from "../desired-state.ts";
import { type DumpCommand, dumpSysctlCommand, type HostDump } from "./host-dump.ts";

export type Backend = "legacy" | "nft";

/** A host as its tools print it, ours and everybody else's. */
export interface HostState {
  readonly name: string;
  /** Every address of its interfaces; loopback and service addresses left out. */
  readonly addresses: readonly string[];
  /** Undefined: there is no such iptables here; `withoutRules` says why. */
  readonly rules: Readonly<Record<Family, HostRules | undefined>>;
  readonly withoutRules: Readonly<Record<Family, string | undefined>>;
  readonly sets: SavedSets;
  readonly servers: readonly SavedServer[];
  /** What kube-ipvs0 carries; undefined: there is no such device. */
  readonly serviceAddresses: ReadonlySet<string> | undefined;
  readonly sysctls: ReadonlyMap<string, string>;
  /** Undefined: nobody here can list them. */
  readonly counters: ReadonlySet<string> | undefined;
  /** `900 120 300`, or undefined where IPVS is not loaded. */
  readonly timeouts: string | undefined;
  readonly flows: readonly UdpFlow[];
}

export interface HostRules {
  readonly backend: Backend;
  readonly texts: ChainTexts;
}

export interface HostProblem {
  readonly command: DumpCommand;
  readonly message: string;
}

/** Reads a dump. Problems say what of it cannot be relied on: a broken line may hide a rule. */
export function parseHostState(dump: HostDump): {
  readonly state: HostState;
  readonly problems: readonly HostProblem[];
} {
  const problems: HostProblem[] = [];
  const text = (command: DumpCommand): string => dump.texts[command] ?? "";
  const report = (command: DumpCommand, found: readonly TextProblem[]): void => {
    for (const { line, message } of found) problems.push({ command, message: `line ${line}: ${message}` });
  };
  const rules = (family: Family): HostRules | undefined => {
    const tool = toolNames[family];
    if (dump.texts[`${tool}-save`] === undefined) return undefined;
    const texts = parseChains(text(`${tool}-save`));
    report(`${tool}-save`, texts.problems);
    return { backend: text(`${tool} --version`).includes("nf_tables") ? "nft" : "legacy", texts };
  };
  const sets = parseSets(text("ipset save"));
  report("ipset save", sets.problems);
  const { servers, problems: serverProblems } = parseServers(text("ipvsadm -Sn"));
  report("ipvsadm -Sn", serverProblems);
  const links = parseLinks(text("ip -j addr"), addressDevice);
  if (links === undefined) problems.push({ command: "ip -j addr", message: "not the JSON that ip prints" });
  const device = links?.find(({ name }) => name === addressDevice);
  const state: HostState = {
    name: text("uname -n").trim(),
    addresses: (links ?? []).filter((link) => link !== device && !link.loopback).flatMap(({ ips }) => ips),
    rules: { ipv4: rules("ipv4"), ipv6: rules("ipv6") },
    withoutRules: { ipv4: dump.failures["iptables-save"], ipv6: dump.failures["ip6tables-save"] },
    sets,
    servers,
    serviceAddresses: device && new Set(device.ips.map((ip) => (ip.includes(":") ? `${ip}/128` : `${ip}/32`))),
    sysctls: sysctlsIn(text(dumpSysctlCommand)),
    counters: countersIn(dump.texts["nfacct list"]),
    timeouts: /: (\d+ \d+ \d+)/.exec(text("ipvsadm -L --timeout"))?.[1],
    flows: [...parseFlows(text("conntrack -L -p udp -f ipv4")), ...parseFlows(text("conntrack -L -p udp -f ipv6"))],
  };
  return { state, problems };
}

function countersIn(listed: string | undefined): ReadonlySet<string> | undefined {
  return listed === undefined
    ? undefined
    : new Set([...listed.matchAll(/= (\S+);$/gm)].map(([, name]) => name as string));
}

export const notInstalled = "not installed";

/** Without these nothing can be said of a host. */
const indispensable: readonly DumpCommand[] = ["ip -j addr", "iptables-save"];
const needed: readonly DumpCommand[] = [...indispensable, "ip6tables-save", "ipset save", "ipvsadm -Sn"];

/**
 * Why a dump cannot be relied on, each in a line: a tool that failed may hide something, and so may one that is
 * missing where the kernel has what it would show.
 */
export function dumpDoubts(dump: HostDump, problems: readonly HostProblem[]): readonly string[] {
  const failed = needed.flatMap((command) => {
    const failure = dump.failures[command];
    if (failure === undefined || isHarmless(dump, command, failure)) return [];
    return [`${command}: ${failure}`];
  });
  return [...failed, ...problems.map(({ command, message }) => `${command}: ${message}`)];
}

function isHarmless(dump: HostDump, command: DumpCommand, failure: string): boolean {
  if (failure.startsWith("no /proc/")) return true;
  if (command === "ip6tables-save" && /can't initialize|does not exist|not supported/i.test(failure)) return true;
  const isAbsent = failure === notInstalled || (command === "ipset save" && failure.includes("Cannot open session"));
  if (!isAbsent || indispensable.includes(command)) return false;
  const rules = (dump.texts["iptables-save"] ?? "") + (dump.texts["ip6tables-save"] ?? "");
  return command === "ip6tables-save" || (command === "ipset save" && !rules.includes(`--match-set ${setPrefix}`));
}
