import { writeFileSync } from "node:fs";
import { compareWithKubeProxy, ruleDifferences } from "../../scripts/conformance/compare.mjs";
import type { Backend } from "../lab/needs.ts";
import type { ClusterNode } from "./proxied-node.ts";

const tools = ["iptables", "ip6tables"] as const;

export type Files = Readonly<Record<string, string>>;

/** What is made of a text before it is compared. */
export type Reader = (text: string) => string;

export interface Reading {
  readonly backend: Backend;
  readonly reads?: Reader | undefined;
}

const same: Reader = (text) => text;

/** Rules without what they say of themselves in the chains whose comments hang on the size of the cluster. */
export const withoutOwnComments: Reader = (text) =>
  text.replace(/^(-A KUBE-S(?:VC|VL|EP)-.*?) -m comment --comment "[^"]*"/gm, "$1");

const readAs = <T extends Files>(reads: Reader, files: T): T =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, reads(text)])) as T;

/**
 * How kube-proxy's rules on a node differ from compiled files, chain by chain: rules as text and in order, but for the
 * chains that kube-proxy fills from a Go map. nft prints some rules in another way, so there the files are loaded and
 * printed first.
 */
export function differencesFromFiles(node: ClusterNode, files: Files, { backend, reads = same }: Reading): string[] {
  const saved = readAs(reads, node.saved());
  const settings = node.run(["sysctl", "net.ipv4.conf.all.route_localnet"]).stdout;
  if (backend === "legacy") return compareWithKubeProxy({ ...saved, "sysctl.conf": settings }, readAs(reads, files));
  const text = tools.flatMap((tool) =>
    ruleDifferences(tool, "iptables", saved[`${tool}.save`], reads(respelled(node, tool, files))),
  );
  return settings === files["sysctl.conf"] ? text : [...text, settings];
}

/** How the rules of two nodes differ, the first of them kube-proxy's. */
export function differencesFromNode(node: ClusterNode, other: ClusterNode, reads: Reader = same): string[] {
  const [theirs, ours] = [readAs(reads, node.saved()), readAs(reads, other.saved())];
  return tools.flatMap((tool) => ruleDifferences(tool, "iptables", theirs[`${tool}.save`], ours[`${tool}.save`]));
}

/** Rules as the node's tools print them once they are loaded, in a namespace of their own. */
function respelled(node: ClusterNode, tool: (typeof tools)[number], files: Files): string {
  writeFileSync(node.file("rules"), `${files[`${tool}.restore`]}${files[`${tool}.jumps`]}`);
  writeFileSync(node.file("counters"), files["nfacct.counters"] ?? "");
  const script = `cd ${node.folder} && xargs -r -n 1 nfacct add <counters && ${tool}-restore --noflush <rules && ${tool}-save`;
  const { stdout, stderr } = node.run(["unshare", "-n", "sh", "-c", script]);
  if (stderr !== "") throw new Error(stderr);
  return stdout;
}
