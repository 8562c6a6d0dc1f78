import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";

const bin = resolve(process.env.PORTOLAN_BIN ?? new URL("../../dist/cli/portolan.js", import.meta.url).pathname);

/** The columns of a golden case. What differs from the first has files of its own, named for the mode. */
export const modes = ["iptables", "ipvs", "nftables"];

/** Those whose rules src/datapath/ follows: packets are traced in these. */
export const tracedModes = ["iptables", "ipvs", "nftables"];
const diagnosticsFile = /^diagnostics(\.[a-z]+)?\.txt$/;

/** The generated files of one golden case: their paths within the case, and their texts. */
export async function generateCase(directory, workspace) {
  const says = parse(readFileSync(join(directory, "case.yaml"), "utf8"));
  if (directory.endsWith("-invalid")) return new Map(diagnosticsFiles([await compile(directory, says, workspace)]));
  const results = await Promise.all((says.modes ?? modes).map((mode) => compile(directory, says, workspace, mode)));
  return new Map([...diagnosticsFiles(results), ...results.flatMap(({ files }) => files)]);
}

/** Without a mode: bad input, which is refused whatever the mode. */
async function compile(directory, { node, flags = [], applyScript = false }, workspace, mode) {
  const config = existsSync(join(directory, "kube-proxy.yaml")) ? ["--proxy-config", "kube-proxy.yaml"] : [];
  const out = resolve(workspace, `out-${mode}`);
  rmSync(out, { recursive: true, force: true });
  const modeFlags = mode === undefined ? [] : ["--mode", mode];
  const args = ["compile", "-f", "cluster.yaml", ...config, "--node", node, ...modeFlags, ...flags, "--out-dir", out];
  const { code, stdout, stderr } = await run(args, directory);
  if (stdout !== "" || code !== (mode === undefined ? 3 : 0)) {
    throw new Error(`${directory}: exit ${code}\n${stderr}${stdout}`);
  }
  const names = existsSync(out) ? readdirSync(out).sort() : [];
  const kept = names.filter((name) => name !== "apply.sh" || applyScript);
  // Which files were written is known, and their folder is a new one each time.
  const said = stderr.replace(/^.*: \d+ files written .*\n/m, "");
  return { mode, stderr: said, files: kept.map((name) => [`${mode}/${name}`, readFileSync(join(out, name), "utf8")]) };
}

/** What the first mode says is the case's; a mode that says something else has a file of its own. */
function diagnosticsFiles([first, ...others]) {
  const shared = first.stderr === "" ? [] : [["diagnostics.txt", first.stderr]];
  const different = others.filter(({ stderr }) => stderr !== first.stderr);
  return [...shared, ...different.map(({ mode, stderr }) => [`diagnostics.${mode}.txt`, stderr])];
}

/** The generated files that a case holds now. */
export function storedFiles(directory) {
  const files = new Map();
  const read = (name) => files.set(name, readFileSync(join(directory, name), "utf8"));
  for (const name of readdirSync(directory).sort()) if (diagnosticsFile.test(name)) read(name);
  for (const mode of modes) {
    const rules = join(directory, mode);
    for (const name of existsSync(rules) ? readdirSync(rules).sort() : []) read(`${mode}/${name}`);
  }
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
