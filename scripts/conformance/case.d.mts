import type { readDocuments } from "../../src/host/read-documents.ts";
import type { compile } from "../../src/index.ts";

export interface Product {
  readonly compile: typeof compile;
  readonly readDocuments: typeof readDocuments;
}

export function isIptablesCase(folder: string): boolean;
export function checkCase(folder: string, product: Product): string[];
