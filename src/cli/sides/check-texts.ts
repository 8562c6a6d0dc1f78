import type { HostTexts, TextPart } from "../../evaluate/host-texts.ts";
import { type LoadProblem, loadRules } from "../../evaluate/rules/load-rules.ts";
import type { ProxyMode } from "../../model/proxy-configuration/proxy-configuration.ts";
import { parseSets } from "../../tools/ipset/parse.ts";
import { parseServers } from "../../tools/ipvs/parse.ts";
import type { TextProblem } from "../../tools/text-problem.ts";

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
