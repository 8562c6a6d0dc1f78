import { parseTarget } from "../../datapath/addresses.ts";
import type { HostTexts, TextPart, NodeEnvironment } from "../../datapath/host-texts.ts";
import { type LoadProblem, loadRules } from "../../datapath/load-rules.ts";
import { type TextProblem, type TextTool, toolsByFile } from "../../ir/text.ts";
import { parseSets } from "../../languages/ipset/parse.ts";
import { parseServers } from "../../languages/ipvs/parse.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";

/** A host as texts of tools show it: what a SideNode takes of a dump or an --out-dir folder. */
export interface HostSide {
  /** Undefined where nothing names it: the other side's name serves. */
  readonly name: string | undefined;
  readonly mode: ProxyMode | undefined;
  readonly texts: HostTexts;
  /** Undefined where the texts do not tell. */
  readonly addresses: NodeEnvironment["nodeAddresses"] | undefined;
  /** Those that node ports show, perhaps not all: they count where neither side tells. */
  readonly shownAddresses?: NodeEnvironment["nodeAddresses"] | undefined;
}

export type HostSides =
  | { readonly kind: "hosts"; readonly hosts: readonly HostSide[] }
  | { readonly kind: "broken"; readonly message: string };

/** The texts of one host by tool, in the order they come. */
export function textsByTool(all: readonly (TextPart & { readonly tool: TextTool })[]): HostTexts {
  const parts = (wanted: TextTool): readonly TextPart[] =>
    all.filter(({ tool }) => tool === wanted).map(({ file, text }) => ({ file, text }));
  return {
    iptables: parts("iptables"),
    ip6tables: parts("ip6tables"),
    ipset: parts("ipset"),
    ipvs: parts("ipvs"),
    serviceAddresses: parts("addresses").flatMap(({ text }) => addressesIn(text)),
  };
}

/** The texts of one host out of the files of `compile --out-dir`. */
export function textsOfFiles(partsOf: (file: string) => readonly TextPart[]): HostTexts {
  return textsByTool([...toolsByFile].flatMap(([file, tool]) => partsOf(file).map((part) => ({ ...part, tool }))));
}

/** `addr replace 10.96.0.1/32 dev kube-ipvs0`, a line each. */
function addressesIn(batch: string): readonly string[] {
  return [...batch.matchAll(/^addr replace ([^/\s]+)\//gm)].map(([, address]) => address as string);
}

/** The first thing that is wrong with the texts of a host, with its file and line: a broken line may hide a rule. */
export function findTextProblem({ iptables, ip6tables, ipset, ipvs }: HostTexts): string | undefined {
  // Loaded rules are kept by their parts, so that whoever compares them does not split 32 MB once more.
  const problems = [
    ...loadRules(iptables).problems,
    ...loadRules(ip6tables).problems,
    ...problemsIn(ipset, parseSets),
    ...problemsIn(ipvs, parseServers),
  ];
  const [problem, ...more] = problems;
  if (problem === undefined) return undefined;
  const { file, line, message } = problem;
  return `${file}:${line}: ${message}${more.length > 0 ? ` (and ${more.length} more)` : ""}`;
}

function problemsIn(
  parts: readonly TextPart[],
  parse: (text: string) => { readonly problems: readonly TextProblem[] },
): readonly LoadProblem[] {
  return parts.flatMap(({ file, text }) => parse(text).problems.map((problem) => ({ file, ...problem })));
}

/** The mode that texts show signs of. Sets and virtual servers of kube-proxy are there in ipvs mode alone. */
export function modeOfTexts({ iptables, ip6tables, ipset, ipvs, serviceAddresses }: HostTexts): ProxyMode | undefined {
  const has = (parts: readonly TextPart[], sign: string): boolean => parts.some(({ text }) => text.includes(sign));
  if (serviceAddresses.length > 0 || has(ipset, "create KUBE-") || has(ipvs, "-A ")) return "ipvs";
  const rules = [...iptables, ...ip6tables];
  if (has(rules, "--match-set KUBE-CLUSTER-IP")) return "ipvs";
  return has(rules, ":KUBE-SERVICES") ? "iptables" : undefined;
}

export interface InferredAddresses {
  readonly serviceAddresses: readonly string[];
  /** Undefined where virtual servers do not show them. */
  readonly nodeAddresses: readonly string[] | undefined;
}

/**
 * What ipvs mode shows of a host's addresses: virtual servers take traffic only for addresses the host has. Those of
 * Services are on kube-ipvs0 or, where nobody dumped that, in the sets of service addresses; the others are the node's.
 */
export function inferAddresses({ ipvs, ipset, serviceAddresses }: HostTexts): InferredAddresses {
  const served = new Set<string>();
  for (const { text } of ipvs) {
    for (const [, address = ""] of text.matchAll(/^-A \S+ (\S+)/gm))
      served.add(parseTarget(address)?.address ?? address);
  }
  if (served.size === 0) return { serviceAddresses, nodeAddresses: undefined };
  const known = new Set(serviceAddresses);
  if (known.size === 0) {
    const sets = ipset.flatMap(({ text }) => parseSets(text).sets).filter(({ name }) => serviceSets.test(name));
    for (const entry of sets.flatMap(({ entries }) => entries)) known.add(entry.text.split(",")[0] ?? "");
  }
  const nodeAddresses = [...served].filter((address) => !known.has(address));
  return {
    serviceAddresses: serviceAddresses.length > 0 ? serviceAddresses : [...served].filter((each) => known.has(each)),
    nodeAddresses: nodeAddresses.length > 0 ? nodeAddresses : undefined,
  };
}

const serviceSets = /^KUBE-(?:6-)?(?:CLUSTER-IP|EXTERNAL-IP|LOAD-BALANCER)(?:-LOCAL)?$/;
