import type { HostTexts } from "../datapath/host.ts";
import { isRefused } from "../diff/classify-change.ts";
import type { TextPart } from "../ir/artifact.ts";
import { targetOf } from "../languages/iptables/canonical-rule.ts";
import { builtInChains } from "../languages/iptables/rule.ts";
import { isRecord } from "../model/fields/fields.ts";
import { iptablesChains, isOwnedChain, markChains } from "../programs/kube-proxy/chain-names.ts";
import { isOwnedSet } from "../programs/kube-proxy/set-names.ts";
import { everyNode, type StateRule, type TrafficRule } from "./rule.ts";

/** kube-proxy's nftables mode checks for this version at its start. */
const [neededMajor, neededMinor] = [5, 13];

/** Nodes without a version are left out: manifests written by hand have none. */
export const kernelTooOld: StateRule = {
  kind: "state",
  code: "migrate-kernel-too-old",
  find: (facts) => {
    const compared = new Set(everyNode(facts));
    const old = facts.objects
      .filter(({ kind }) => kind === "Node")
      .map(({ value }) => ({ name: fieldOf(value, "metadata", "name"), version: versionOf(value) }))
      .filter(({ name, version }) => typeof name === "string" && compared.has(name) && isTooOld(version));
    if (old.length === 0) return undefined;
    return {
      nodes: old.map(({ name }) => String(name)).sort(),
      details: old.map(({ name, version }) => `${name}: ${version}`),
    };
  },
};

function versionOf(node: Readonly<Record<string, unknown>>): string {
  const { nodeInfo } = isRecord(node.status) ? node.status : {};
  return isRecord(nodeInfo) ? String(nodeInfo.kernelVersion ?? "") : "";
}

function fieldOf(value: Readonly<Record<string, unknown>>, field: string, inner: string): unknown {
  const found = value[field];
  return isRecord(found) ? found[inner] : undefined;
}

/** `5.10.0-28-amd64`. */
function isTooOld(version: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? [];
  if (major === undefined) return false;
  return Number(major) < neededMajor || (Number(major) === neededMajor && Number(minor) < neededMinor);
}

/** The packets end in a rule or policy of another program. */
export const hostFirewall: TrafficRule = {
  kind: "traffic",
  code: "migrate-host-firewall",
  explains: ({ difference: { was, now } }) =>
    !was.every(isRefused) && now.every(isRefused) && now.some((part) => deciderOf(part) !== undefined),
  details: (found) => [
    ...new Set(found.flatMap(({ difference: { now } }) => now.flatMap((part) => deciderOf(part) ?? []))),
  ],
};

type Part = Parameters<typeof isRefused>[0];

/** The foreign rule or policy that a packet ends with; undefined where that is a rule of kube-proxy. */
function deciderOf({ outcome }: Part): string | undefined {
  const hop = outcome.hops.at(-1);
  if (hop === undefined || hop.kind === "virtual-server") return undefined;
  if (hop.kind === "policy") return `policy ${hop.policy} of ${hop.table} ${hop.chain}`;
  return /\bkube-proxy$/.test(hop.table) ? undefined : `${hop.table} ${hop.chain}: ${hop.rule.text}`;
}

export const foreignHooks: StateRule = {
  kind: "state",
  code: "migrate-foreign-hooks",
  find: ({ dumps }) => {
    const found = [...dumps].map(([node, { texts }]) => ({ node, lines: hooksInto(texts) }));
    const affected = found.filter(({ lines }) => lines.length > 0);
    if (affected.length === 0) return undefined;
    return {
      nodes: affected.map(({ node }) => node).sort(),
      details: [...new Set(affected.flatMap(({ lines }) => lines))],
    };
  },
};

/**
 * What a host has besides kube-proxy in iptables or ipvs mode: its rules are removed as kube-proxy removes them when it
 * starts in another mode. Chains that foreign rules jump to stay, without rules; so do sets that they match on.
 */
export function withoutProgram(texts: HostTexts): HostTexts {
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
