import type { Family } from "../../model/address.ts";
import { parseSets, type SavedSets } from "../../tools/ipset/parse.ts";
import { type ChainTexts, parseChains } from "../../tools/iptables/parse-chains.ts";
import { parseServers, type SavedServer } from "../../tools/ipvs/parse.ts";
import type { TextProblem } from "../../tools/text-problem.ts";
import { toolNames } from "../../tools/text-tools.ts";
import { sysctlsIn } from "../owned/owned-in-script.ts";
import { addressDevice } from "../owned/owned-names.ts";
import { parseFlows, type UdpFlow } from "../udp-flows.ts";
import { type DumpCommand, dumpSysctlCommand, type HostDump } from "./host-dump.ts";
import { parseLinks } from "./parse-links.ts";

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
  const links = parseLinks(text("ip -j addr"));
  if (links === undefined) problems.push({ command: "ip -j addr", message: "it is not the JSON that ip prints" });
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
