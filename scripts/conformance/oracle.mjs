import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const sources = fileURLToPath(new URL("../oracle/kube-proxy", import.meta.url));

/** The oracle, which runs the real kube-proxy: `{ path }`, or `{ missing }` with the reason. Builds it once. */
export function findOracle({ tell = console.error } = {}) {
  const named = process.env.PORTOLAN_ORACLE;
  if (named) return existsSync(named) ? { path: named } : { missing: `PORTOLAN_ORACLE: there is no ${named}` };
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "portolan");
  const path = join(cache, `oracle-${hashOf(sources)}`);
  if (existsSync(path)) return { path };
  if (spawnSync("go", ["version"]).status !== 0) return { missing: "it is not built, and go is not installed" };
  mkdirSync(cache, { recursive: true });
  tell(`building the oracle into ${path}: takes minutes, once`);
  return build(path, cache);
}

function build(path, cache) {
  const unfinished = join(cache, `building-${process.pid}`);
  const { status } = spawnSync("go", ["build", "-o", unfinished, "."], { cwd: sources, stdio: ["ignore", 2, 2] });
  if (status !== 0) return { missing: `go build failed in ${sources}` };
  renameSync(unfinished, path);
  return { path };
}

function hashOf(folder) {
  const hash = createHash("sha256");
  const sources = readdirSync(folder)
    .filter((name) => /\.(go|s|mod|sum)$/.test(name))
    .sort();
  for (const name of sources) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}

/** Why the oracle cannot render here, or undefined: it works in network namespaces with the real tools. */
export function whyNoRendering() {
  if (process.getuid?.() !== 0) return "rendering needs root";
  for (const tool of ["xtables-legacy-multi", "ipset"]) {
    if (spawnSync("sh", ["-c", `command -v ${tool}`]).status !== 0) return `${tool} is not installed`;
  }
  return undefined;
}

export function generateCases(oracle, { seed, count, folder }) {
  execFileSync(oracle, ["generate", "--seed", String(seed), "--count", String(count), "--out", folder]);
}

/** Writes expected/ into each folder; the message is about those it could not render. */
export function renderCases(oracle, folders) {
  const messages = [];
  let left = folders;
  for (let round = 1; left.length > 0 && round <= renderRounds; round += 1) {
    if (round > 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
    const { status, stderr } = spawnSync(oracle, ["render", "--jobs", "2", ...left], { encoding: "utf8" });
    if (status !== 0) messages.push(stderr.trim());
    left = left.filter(failedForWantOfFiles);
  }
  if (left.length > 0) messages.push(`${left.length} cases could not be rendered: too many open files on this host`);
  return messages.length === 0 ? undefined : messages.join("\n");
}

const renderRounds = 3;

/** kube-proxy watches files, of which a busy host allows only so many; that says nothing about the case. */
function failedForWantOfFiles(folder) {
  const refusal = join(folder, "expected/error.txt");
  return existsSync(refusal) && readFileSync(refusal, "utf8").includes("too many open files");
}
