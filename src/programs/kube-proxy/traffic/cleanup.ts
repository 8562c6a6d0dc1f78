import type { HostTexts } from "../../../datapath/host.ts";
import type { TextPart } from "../../../ir/artifact.ts";
import { builtInChains, targetOf } from "../../../languages/iptables/rule-lines.ts";
import type { Cleanup } from "../../traffic-mode.ts";
import { iptablesChains, isOwnedChain, markChains } from "../chain-names.ts";
import { isOwnedSet } from "../set-names.ts";

/** What kube-proxy leaves behind, and who depends on what is gone. */
export const kubeProxyCleanup: Cleanup = { withoutProgram, hooksInto };

/**
 * What a host has besides kube-proxy in iptables or ipvs mode: its rules are removed as kube-proxy removes them when it
 * starts in another mode. Chains that foreign rules jump to stay, without rules; so do sets that they match on.
 */
function withoutProgram(texts: HostTexts): HostTexts {
  return {
    ...texts,
    iptables: texts.iptables.map(withoutOwnLines),
    ip6tables: texts.ip6tables.map(withoutOwnLines),
    ipvs: [],
    serviceAddresses: [],
  };
}

/** Lines are emptied, not removed: messages give their numbers. */
function withoutOwnLines(part: TextPart): TextPart {
  const lines = part.text.split("\n").map((line) => (kindOf(line) === "own" ? "" : line));
  return { ...part, text: lines.join("\n") };
}

/** Rules of other programs that jump to chains of kube-proxy or match on its sets. */
function hooksInto({ iptables, ip6tables }: HostTexts): readonly string[] {
  const lines = [...iptables, ...ip6tables].flatMap(({ text }) => text.split("\n"));
  return [...new Set(lines.filter((line) => kindOf(line) === "hook").map((line) => line.trim()))];
}

/** `own`: a rule of kube-proxy. `hook`: a foreign one that depends on it. */
function kindOf(line: string): "own" | "hook" | "other" {
  const [, chain] = /^(?:\[\d+:\d+\] )?-A (\S+) /.exec(line) ?? [];
  const target = targetOf(line) ?? "";
  // The guard of loopback addresses, which the kubelet shares: kube-proxy leaves it where it is (CleanupLeftovers).
  if (chain === undefined || chain === iptablesChains.kubeletFirewall || target === iptablesChains.kubeletFirewall)
    return "other";
  if (isOwnedChain(chain)) return "own";
  if (isOwnedChain(target)) return builtInChains.has(chain) && !markChains.has(target) ? "own" : "hook";
  const sets = [...line.matchAll(/--match-set (\S+)/g)].map(([, name = ""]) => name);
  return sets.some(isOwnedSet) ? "hook" : "other";
}
