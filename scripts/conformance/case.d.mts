import type { readDocuments } from "../../src/model/documents/read-documents.ts";
import type { compile } from "../../src/index.ts";

export interface Product {
  readonly compile: typeof compile;
  readonly readDocuments: typeof readDocuments;
}

export type Mode = "iptables" | "ipvs";

export function modeOf(folder: string): Mode;
export function checkCase(folder: string, product: Product): string[];
