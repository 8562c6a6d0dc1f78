import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outputFiles } from "../../src/cli/print-script.ts";
import { readDocuments } from "../../src/host/read-documents.ts";
import { compile } from "../../src/index.ts";

/** Manifests as text, compiled for one node into the files that `compile --out-dir` writes. */
export interface Manifests {
  readonly cluster: string;
  readonly configuration?: string | undefined;
  readonly node: string;
}

export function compileInto(out: string, { cluster, configuration, node }: Manifests): void {
  const proxyConfig = configuration === undefined ? undefined : valuesOf(configuration)[0];
  const { script, diagnostics } = compile(valuesOf(cluster), { node, proxyConfig });
  if (script === undefined) throw new Error(`refused: ${diagnostics.map(({ message }) => message).join("; ")}`);
  mkdirSync(out, { recursive: true });
  for (const { name, content } of outputFiles({ node, script })) writeFileSync(join(out, name), content);
}

/** The manifests of a golden case. */
export function readManifests(folder: string): Manifests {
  const [about] = valuesOf(readFileSync(join(folder, "case.yaml"), "utf8")) as readonly { readonly node: string }[];
  if (about === undefined) throw new Error(`${folder}: no case.yaml`);
  const configuration = join(folder, "kube-proxy.yaml");
  return {
    cluster: readFileSync(join(folder, "cluster.yaml"), "utf8"),
    configuration: existsSync(configuration) ? readFileSync(configuration, "utf8") : undefined,
    node: about.node,
  };
}

function valuesOf(text: string): readonly unknown[] {
  return readDocuments({ name: "", text }).documents.map(({ value }) => value);
}
