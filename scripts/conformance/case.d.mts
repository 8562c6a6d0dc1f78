import type { compile } from "../../src/index.ts";
import type { readDocuments } from "../../src/model/documents/read-documents.ts";
import type { KubeProxyVersion } from "../../src/model/proxy-configuration/kube-proxy-version.ts";

export interface Product {
  readonly compile: typeof compile;
  readonly readDocuments: typeof readDocuments;
}

export type Mode = "iptables" | "ipvs" | "nftables";

export const caseVersions: readonly KubeProxyVersion[];

/** The mode a case is about, which may be one that Portolan does not compile. */
export function modeOf(folder: string): string;
export function checkCase(folder: string, product: Product, version?: KubeProxyVersion): string[];
