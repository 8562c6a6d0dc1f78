import { isRefused } from "../diff/classify-change.ts";
import { isRecord } from "../model/fields/fields.ts";
import { cleanups } from "../programs/traffic-registry.ts";
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
    const found = [...dumps].map(([node, { texts }]) => ({
      node,
      lines: cleanups.flatMap(({ hooksInto }) => hooksInto(texts)),
    }));
    const affected = found.filter(({ lines }) => lines.length > 0);
    if (affected.length === 0) return undefined;
    return {
      nodes: affected.map(({ node }) => node).sort(),
      details: [...new Set(affected.flatMap(({ lines }) => lines))],
    };
  },
};
