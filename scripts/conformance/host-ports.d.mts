import type { CompileOptions } from "../../src/index.ts";
import type { readDocuments } from "../../src/model/documents/read-documents.ts";

export interface HostPortCase {
  readonly objects: readonly unknown[];
  readonly options: CompileOptions;
  readonly expected: Readonly<Record<string, string>>;
  readonly packets: readonly HostPortPacket[];
}

export interface HostPortPacket {
  readonly from: string;
  readonly protocol: "tcp" | "udp";
  readonly to: string;
  readonly outcome: string;
  readonly source: string;
}

export function readHostPortCase(folder: string, read: typeof readDocuments): HostPortCase;
export function hostPortDifferences(
  expected: HostPortCase["expected"],
  compiled: HostPortCase["expected"],
  warnings: readonly string[],
): readonly string[];
