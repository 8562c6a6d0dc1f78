import type { HostTexts } from "../../../datapath/host.ts";
import type { TextPart } from "../../../ir/artifact.ts";
import type { LoadedChain } from "../../../ir/datapath.ts";
import { loadRules } from "../../../languages/evaluated-host.ts";
import type { Jump } from "../../program.ts";
import { assumedFile } from "../../traffic-mode.ts";
import { iptablesChains as chains } from "../chain-names.ts";

/**
 * A part of a rule set, such as the output of grep, lacks the rules that lead to it. These texts contain them as
 * kube-proxy and the kubelet make them, under the name of assumedFile. A text with its built-in chains stays as it is.
 */
export function completeFrame(texts: HostTexts, jumps: readonly Jump[]): HostTexts {
  const complete = (parts: readonly TextPart[]): readonly TextPart[] => {
    const lines = parts.length === 0 ? [] : missingLines(parts, jumps);
    return lines.length === 0 ? parts : [...parts, { file: assumedFile, text: `${lines.join("\n")}\n` }];
  };
  return { ...texts, iptables: complete(texts.iptables), ip6tables: complete(texts.ip6tables) };
}

type Chains = ReadonlyMap<string, LoadedChain>;

const noChains: Chains = new Map();

/** The lines of the tables that are missing. */
function missingLines(parts: readonly TextPart[], jumps: readonly Jump[]): readonly string[] {
  const { tables } = loadRules(parts);
  const nat = tables.get("nat") ?? noChains;
  const filter = tables.get("filter") ?? noChains;
  const added = { nat: nat.has("PREROUTING") ? [] : natContents(nat), filter: filterContents(nat, filter) };
  return (["filter", "nat"] as const).flatMap((table) => {
    const present = table === "nat" ? nat : filter;
    const own = new Set([...present.keys(), ...chainsOf(added[table])]);
    const missing = [...jumps, ...kubeletJumps].filter(
      ({ table: at, chain, rule }) => at === table && !present.has(chain) && own.has(targetOf(rule)),
    );
    const rules = [...added[table], ...new Set(missing.map(({ chain, rule }) => `-A ${chain}${rule}`))];
    const declared = chainsOf(added[table]).filter((chain) => !present.has(chain));
    const builtIn = new Set(missing.map(({ chain }) => chain));
    if (rules.length === 0) return [];
    return [
      `*${table}`,
      ...[...builtIn].map((chain) => `:${chain} ACCEPT [0:0]`),
      ...[...new Set(declared)].map((chain) => `:${chain} - [0:0]`),
      ...rules,
      "COMMIT",
    ];
  });
}

function chainsOf(rules: readonly string[]): readonly string[] {
  return rules.map((rule) => rule.split(" ")[1] ?? "");
}

function targetOf(rule: string): string {
  return rule.slice(rule.lastIndexOf(" ") + 1);
}

/** The kubelet's chain drops what KUBE-MARK-DROP has marked. */
const kubeletJumps: readonly Jump[] = (["INPUT", "OUTPUT"] as const).map((chain) => ({
  table: "filter",
  chain,
  rule: ` -j ${chains.kubeletFirewall}`,
}));

const markDrop = "KUBE-MARK-DROP";

/** Shared chains that rules in the text call or lead to, and that it does not contain. */
function natContents(nat: Chains): readonly string[] {
  const calls = (chain: string): boolean =>
    [...nat.values()].some(({ lines }) => lines.some((line) => line.endsWith(` -j ${chain}`)));
  const masquerades = nat.has(chains.markMasquerade) || calls(chains.markMasquerade);
  return [
    ...(nat.has(chains.nodePorts) && !calls(chains.nodePorts) ? [nodePortDispatch] : []),
    ...(calls(chains.markMasquerade) && !nat.has(chains.markMasquerade) ? [markMasquerade] : []),
    ...(calls(markDrop) && !nat.has(markDrop) ? [`-A ${markDrop} -j MARK --set-xmark 0x8000/0x8000`] : []),
    ...(masquerades && !nat.has(chains.postrouting) ? postrouting : []),
  ];
}

const nodePortDispatch = `-A ${chains.services} -m addrtype --dst-type LOCAL -j ${chains.nodePorts}`;
const markMasquerade = `-A ${chains.markMasquerade} -j MARK --set-xmark 0x4000/0x4000`;
const postrouting = [
  `-A ${chains.postrouting} -m mark ! --mark 0x4000/0x4000 -j RETURN`,
  `-A ${chains.postrouting} -j MARK --set-xmark 0x4000/0x0`,
  `-A ${chains.postrouting} -j MASQUERADE --random-fully`,
];

function filterContents(nat: Chains, filter: Chains): readonly string[] {
  const drops = [...nat.values()].some(({ lines }) => lines.some((line) => line.endsWith(` -j ${markDrop}`)));
  if (!drops || filter.size > 0) return [];
  return [`-A ${chains.kubeletFirewall} -m mark --mark 0x8000/0x8000 -j DROP`];
}
