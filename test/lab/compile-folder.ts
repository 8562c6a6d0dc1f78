import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mode } from "../../scripts/conformance/case.mjs";
import { compile } from "../../src/index.ts";
import { outputFiles } from "../../src/report/script.ts";
import { caseFolder, documentsIn, goldenCases, modesOf, readCase } from "../harness/golden-cases.ts";

/** Manifests as text, compiled for one node into the files that `compile --out-dir` writes. */
export interface Manifests {
  readonly cluster: string;
  readonly configuration?: string | undefined;
  readonly node: string;
}

/** Without a mode: the configuration's. */
export function compileInto(out: string, { cluster, configuration, node }: Manifests, mode?: Mode): void {
  const proxyConfig = configuration === undefined ? undefined : documentsIn(configuration)[0];
  const { script, diagnostics } = compile(documentsIn(cluster), { node, mode, proxyConfig });
  if (script === undefined) throw new Error(`refused: ${diagnostics.map(({ message }) => message).join("; ")}`);
  mkdirSync(out, { recursive: true });
  for (const { name, content } of outputFiles({ node, script })) writeFileSync(join(out, name), content);
}

/** The golden cases that compile in a mode. */
export function goldenCasesOf(mode: Mode): readonly string[] {
  return goldenCases().filter((name) => modesOf(name).includes(mode));
}

/** The manifests of a golden case. */
export function readManifests(name: string): Manifests {
  const folder = caseFolder(name);
  const configuration = join(folder, "kube-proxy.yaml");
  return {
    cluster: readFileSync(join(folder, "cluster.yaml"), "utf8"),
    configuration: existsSync(configuration) ? readFileSync(configuration, "utf8") : undefined,
    node: readCase(folder).node,
  };
}
