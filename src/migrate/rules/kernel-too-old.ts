import { isRecord } from "../../model/fields/fields.ts";
import { everyNode, type StateRule } from "../rule.ts";

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
