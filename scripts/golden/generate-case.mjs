import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";

const bin = new URL("../../dist/cli/portolan.js", import.meta.url).pathname;

/** The generated files of one golden case: their paths within the case, and their texts. */
export async function generateCase(directory, workspace) {
  const { node, flags = [], applyScript = false } = parse(readFileSync(join(directory, "case.yaml"), "utf8"));
  const config = existsSync(join(directory, "kube-proxy.yaml")) ? ["--proxy-config", "kube-proxy.yaml"] : [];
  const out = resolve(workspace, "out");
  rmSync(out, { recursive: true, force: true });
  const args = ["compile", "-f", "cluster.yaml", ...config, "--node", node, ...flags, "--out-dir", out];
  const { code, stdout, stderr } = await run(args, directory);
  const isInvalid = directory.endsWith("-invalid");
  if (stdout !== "" || code !== (isInvalid ? 3 : 0)) throw new Error(`${directory}: exit ${code}\n${stderr}${stdout}`);
  const files = new Map();
  if (stderr !== "") files.set("diagnostics.txt", stderr);
  for (const name of existsSync(out) ? readdirSync(out).sort() : []) {
    if (name !== "apply.sh" || applyScript) files.set(`iptables/${name}`, readFileSync(join(out, name), "utf8"));
  }
  return files;
}

/** The generated files that a case holds now. */
export function storedFiles(directory) {
  const files = new Map();
  const read = (name) => files.set(name, readFileSync(join(directory, name), "utf8"));
  if (existsSync(join(directory, "diagnostics.txt"))) read("diagnostics.txt");
  const rules = join(directory, "iptables");
  for (const name of existsSync(rules) ? readdirSync(rules).sort() : []) read(`iptables/${name}`);
  return files;
}

export function goldenCases(root) {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

function run(args, cwd) {
  return new Promise((done) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "" }, maxBuffer: 2 ** 26 };
    execFile(process.execPath, [bin, ...args], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}
