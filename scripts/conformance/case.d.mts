import type { compile } from "../../src/index.ts";
import type { readDocuments } from "../../src/model/documents/read-documents.ts";

export interface Product {
  readonly compile: typeof compile;
  readonly readDocuments: typeof readDocuments;
}

export type Mode = "iptables" | "ipvs";

/** The mode a case is about, which may be one that Portolan does not compile. */
export function modeOf(folder: string): string;
export function checkCase(folder: string, product: Product): string[];
