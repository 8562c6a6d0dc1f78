import type { HostTexts, TextPart } from "../../evaluate/host-texts.ts";
import type { ProxyMode } from "../../model/proxy-configuration.ts";
import { parseSets } from "../../tools/ipset/parse.ts";
import { parseChains } from "../../tools/iptables/parse-chains.ts";
import { parseServers } from "../../tools/ipvs/parse.ts";

interface Problem {
  readonly line: number;
  readonly message: string;
}

/** The first thing that is wrong with the texts of a host, with its file and line: a broken line may hide a rule. */
export function findTextProblem(texts: HostTexts): string | undefined {
  return (
    firstProblem([...texts.iptables, ...texts.ip6tables], parseChains) ??
    firstProblem(texts.ipset, parseSets) ??
    firstProblem(texts.ipvs, parseServers)
  );
}

function firstProblem(
  parts: readonly TextPart[],
  parse: (text: string) => { readonly problems: readonly Problem[] },
): string | undefined {
  for (const { file, text } of parts) {
    const [problem, ...more] = parse(text).problems;
    if (problem === undefined) continue;
    return `${file}:${problem.line}: ${problem.message}${more.length > 0 ? ` (and ${more.length} more)` : ""}`;
  }
  return undefined;
}

/** The mode that texts show signs of. Sets and virtual servers of kube-proxy are there in ipvs mode alone. */
export function modeOfTexts({ iptables, ip6tables, ipset, ipvs, serviceAddresses }: HostTexts): ProxyMode | undefined {
  const has = (parts: readonly TextPart[], sign: string): boolean => parts.some(({ text }) => text.includes(sign));
  if (serviceAddresses.length > 0 || has(ipset, "create KUBE-") || has(ipvs, "-A ")) return "ipvs";
  const rules = [...iptables, ...ip6tables];
  if (has(rules, "--match-set KUBE-CLUSTER-IP")) return "ipvs";
  return has(rules, ":KUBE-SERVICES") ? "iptables" : undefined;
}
