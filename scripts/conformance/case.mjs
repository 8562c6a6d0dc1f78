import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { compareWithKubeProxy } from "./compare.mjs";

/** A case directory as the oracle keeps it: case.yaml, cluster.yaml, kube-proxy.yaml and, once rendered, expected/. */
export function modeOf(folder) {
  const configuration = parse(readFileSync(join(folder, "kube-proxy.yaml"), "utf8"));
  return configuration?.mode || "iptables";
}

/** The versions of kube-proxy whose rules cases hold: `expected/`, and `expected-VERSION/` where another differs. */
export const caseVersions = ["1.36", "1.37"];

/** What differs, as lines. `product` is Portolan's `compile` and its reader of documents, `readDocuments`. */
export function checkCase(folder, product, version = "1.36") {
  const own = join(folder, `expected-${version}`);
  const expected = readFiles(existsSync(own) ? own : join(folder, "expected"));
  if (Object.keys(expected).length === 0) return ["not rendered: expected/ is missing or empty"];
  const { files, complaint } = compileCase(folder, product, version);
  const found = compareWithKubeProxy(expected, files);
  return found.length > 0 && complaint !== "" ? [...found, `  portolan:   ${complaint}`] : found;
}

/** `files` is undefined when Portolan refuses. A crash is told as what it is. */
function compileCase(folder, { compile, readDocuments }, kubeProxyVersion) {
  const { node } = parse(readFileSync(join(folder, "case.yaml"), "utf8"));
  const { script, diagnostics } = compile(valuesOf(folder, "cluster.yaml", readDocuments), {
    node,
    kubeProxyVersion,
    proxyConfig: valuesOf(folder, "kube-proxy.yaml", readDocuments)[0],
  });
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const complaint = errors.map(({ code, message }) => `error[${code}]: ${message}`).join("; ");
  if (script === undefined) {
    if (errors.length === 0) throw new Error(`${folder}: refused without an error`);
    return { files: undefined, complaint };
  }
  const decoder = new TextDecoder();
  return { files: Object.fromEntries(script.steps.map(({ file, stdin }) => [file, decoder.decode(stdin)])), complaint };
}

function valuesOf(folder, name, readDocuments) {
  const path = join(folder, name);
  const { documents, problems } = readDocuments({ name: path, text: readFileSync(path, "utf8") });
  if (problems.length > 0) throw new Error(`${path}: ${problems[0].message}`);
  return documents.map(({ value }) => value);
}

function readFiles(folder) {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
