import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mode } from "../../scripts/conformance/case.mjs";
import { outputFiles } from "../../src/report/script.ts";
import { compile } from "../../src/index.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";

/** Manifests as text, compiled for one node into the files that `compile --out-dir` writes. */
export interface Manifests {
  readonly cluster: string;
  readonly configuration?: string | undefined;
  readonly node: string;
}

/** Without a mode: the configuration's. */
export function compileInto(out: string, { cluster, configuration, node }: Manifests, mode?: Mode): void {
  const proxyConfig = configuration === undefined ? undefined : valuesOf(configuration)[0];
  const { script, diagnostics } = compile(valuesOf(cluster), { node, mode, proxyConfig });
  if (script === undefined) throw new Error(`refused: ${diagnostics.map(({ message }) => message).join("; ")}`);
  mkdirSync(out, { recursive: true });
  for (const { name, content } of outputFiles({ node, script })) writeFileSync(join(out, name), content);
}

export const goldenFolder = new URL("../../golden/", import.meta.url).pathname;

/** The golden cases of a mode that compile. */
export function goldenCases(mode: Mode): readonly string[] {
  return readdirSync(goldenFolder)
    .filter((name) => existsSync(join(goldenFolder, name, "cluster.yaml")) && !name.endsWith("-invalid"))
    .filter((name) => aboutCase(join(goldenFolder, name)).modes?.includes(mode) ?? true)
    .sort();
}

interface AboutCase {
  readonly node: string;
  readonly modes?: readonly Mode[];
}

function aboutCase(folder: string): AboutCase {
  const [about] = valuesOf(readFileSync(join(folder, "case.yaml"), "utf8")) as readonly AboutCase[];
  if (about === undefined) throw new Error(`${folder}: no case.yaml`);
  return about;
}

/** The manifests of a golden case. */
export function readManifests(folder: string): Manifests {
  const configuration = join(folder, "kube-proxy.yaml");
  return {
    cluster: readFileSync(join(folder, "cluster.yaml"), "utf8"),
    configuration: existsSync(configuration) ? readFileSync(configuration, "utf8") : undefined,
    node: aboutCase(folder).node,
  };
}

function valuesOf(text: string): readonly unknown[] {
  return readDocuments({ name: "", text }).documents.map(({ value }) => value);
}
