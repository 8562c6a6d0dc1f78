import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { modes, tracedModes } from "../../scripts/golden/generate-case.mjs";
import { readDocuments } from "../../src/model/documents/read-documents.ts";
import type { ProxyMode } from "../../src/model/proxy-configuration/proxy-configuration.ts";

/** Where the golden cases are; golden/README.md tells what a case holds. */
export const goldenFolder = new URL("../../golden/", import.meta.url).pathname;

/** The folder of one case. */
export const caseFolder = (name: string): string => join(goldenFolder, name);

/** What case.yaml says. */
interface GoldenCase {
  readonly title: string;
  readonly why: string;
  readonly node: string;
  readonly flags?: readonly string[];
  readonly applyScript?: boolean;
  readonly modes?: readonly ProxyMode[];
  readonly modesReason?: string;
  /** Why packets go elsewhere in a mode. */
  readonly differs?: Readonly<Partial<Record<ProxyMode, string>>>;
}

/** All names, in order. */
export function goldenCases(): readonly string[] {
  return readdirSync(goldenFolder).filter((name) => existsSync(join(goldenFolder, name, "case.yaml")));
}

export function readCase(folder: string): GoldenCase {
  return parseYaml(readFileSync(join(folder, "case.yaml"), "utf8"));
}

/** The modes that a case compiles in and packets are traced in: none for bad input. */
export function modesOf(name: string): readonly ProxyMode[] {
  const all = name.endsWith("-invalid") ? [] : (readCase(caseFolder(name)).modes ?? modes);
  return all.filter((mode) => tracedModes.includes(mode));
}

/** The documents of a case's manifests, or of another of its files; none where there is no such file. */
export function caseDocuments(name: string, file = "cluster.yaml"): readonly unknown[] {
  const path = join(goldenFolder, name, file);
  return existsSync(path) ? documentsIn(readFileSync(path, "utf8")) : [];
}

export function documentsIn(text: string): readonly unknown[] {
  return readDocuments({ name: "", text }).documents.map(({ value }) => value);
}
