#!/usr/bin/env node
// Compares the hostPort rules that Portolan compiles with what the real portmap plugin wrote for the same pods.
// Usage, from the project's root, after a build (root and nft for the nftables cases): test/conformance/hostport/check.mjs [--cases DIR] [--only REGEX] [-v]
// For each case but proxy-* (those are packets) and those with before/ (a host that had rules already):
//   node BIN compile -f cluster.yaml -f HOSTPORTS.yaml --node NODE --host-ports --out-dir OUT
// HOSTPORTS.yaml is a document HostPortConfiguration made of case.yaml and portmap.json. Compared: hostports.restore + hostports.jumps (hostports6.*) with
// expected/iptables.save (ip6tables.save), chain by chain, rules in order, as text; hostports.nft, through the kernel, with expected/nftables.ruleset;
// expected/sysctl.conf must be part of sysctl.conf; pods of expected/error.txt must be named in a warning or error. Prints what differs, then 'N passed, M failed'.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: { cases: { type: "string", default: dirname(fileURLToPath(import.meta.url)) }, only: { type: "string", default: "" }, verbose: { type: "boolean", short: "v", default: false } },
});
const bin = Object.values(JSON.parse(readFileSync("package.json", "utf8")).bin)[0];
const text = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const builtIn = /^(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING)$/;

/** Save or restore text -> Map 'table chain' -> rules; built-in chains only where they have rules. */
function chains(source) {
  const found = new Map();
  let table = "";
  for (const line of source.split("\n").map((each) => each.trim())) {
    if (line.startsWith("*")) table = line.slice(1);
    else if (line.startsWith(":")) { const name = line.slice(1).split(" ")[0]; if (!builtIn.test(name)) found.set(`${table} ${name}`, found.get(`${table} ${name}`) ?? []); }
    else if (/^-[AI] /.test(line)) { const key = `${table} ${line.split(" ")[1]}`; found.set(key, [...(found.get(key) ?? []), line.replace(/^-I (\S+) (1 )?/, "-A $1 ")]); }
  }
  return found;
}
function differences(want, got, label) {
  const [a, b] = [chains(want), chains(got)];
  const found = [];
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    const [x, y] = [a.get(key), b.get(key)];
    if (JSON.stringify(x) === JSON.stringify(y)) continue;
    const i = (x ?? []).findIndex((rule, n) => rule !== (y ?? [])[n]);
    found.push(`${label} ${key}: portmap: ${x === undefined ? "no chain" : (x[Math.max(i, 0)] ?? "(no more)")} | portolan: ${y === undefined ? "no chain" : (y[Math.max(i, 0)] ?? "(no more)")}`);
  }
  return found;
}
/** nft text as the kernel lists it, blocks and sets as they come. */
function listed(script) {
  const run = spawnSync("unshare", ["-n", "sh", "-c", "nft -f - && nft -s list ruleset"], { input: script, encoding: "utf8" });
  return run.status === 0 ? run.stdout : `(refused: ${run.stderr.split("\n")[0]})`;
}

let passed = 0, failed = 0;
for (const name of readdirSync(flags.cases).sort()) {
  const dir = join(flags.cases, name);
  if (!existsSync(join(dir, "portmap.json")) || /^proxy-/.test(name) || existsSync(join(dir, "before")) || !new RegExp(flags.only).test(name)) continue;
  const work = mkdtempSync(join(tmpdir(), "hostport-"));
  const facts = text(join(dir, "case.yaml"));
  const field = (key) => new RegExp(`^${key}:\\s*(.+)$`, "m").exec(facts)?.[1]?.replace(/^["']|["']$/g, "");
  const document = [`apiVersion: portolan/v1alpha1`, `kind: HostPortConfiguration`, `metadata: {name: default}`, `network: ${field("network") ?? "k8s-pod-network"}`, ...(field("podPrefix") ? [`podPrefix: ${field("podPrefix")}`] : []), `podInterface: cni0`, `plugin: ${text(join(dir, "portmap.json")).trim().split("\n").join("\n  ")}`];
  writeFileSync(join(work, "hostports.yaml"), `${document.join("\n")}\n`);
  const out = join(work, "out");
  const run = spawnSync("node", [bin, "compile", "-f", join(dir, "cluster.yaml"), "-f", join(work, "hostports.yaml"), "--node", field("node") ?? "node1", "--host-ports", "--out-dir", out], { encoding: "utf8", timeout: 30000 });
  const wrong = [];
  const expected = join(dir, "expected");
  if (run.status !== 0 && !existsSync(join(expected, "error.txt"))) wrong.push(`exit ${run.status}: ${run.stderr.split("\n")[0]}`);
  else {
    wrong.push(...differences(text(join(expected, "iptables.save")), text(join(out, "hostports.restore")) + text(join(out, "hostports.jumps")), "IPv4"));
    wrong.push(...differences(text(join(expected, "ip6tables.save")), text(join(out, "hostports6.restore")) + text(join(out, "hostports6.jumps")), "IPv6"));
    const ruleset = text(join(expected, "nftables.ruleset"));
    if (ruleset !== "" || existsSync(join(out, "hostports.nft"))) { const got = listed(text(join(out, "hostports.nft"))); if (got !== ruleset && got !== listed(ruleset)) wrong.push(`nftables: differs: ${got.split("\n").find((line, i) => line !== ruleset.split("\n")[i]) ?? got.split("\n")[0]}`); }
    const settings = text(join(out, "sysctl.conf")).replace(/\s*=\s*/g, " = ");
    for (const line of text(join(expected, "sysctl.conf")).split("\n").filter(Boolean)) if (!settings.includes(line.replace(/\s*=\s*/g, " = "))) wrong.push(`sysctl: missing ${line}`);
    for (const line of text(join(expected, "error.txt")).split("\n").filter(Boolean)) if (!run.stderr.includes(line.split(":")[0].split("/")[1] ?? line.split(":")[0])) wrong.push(`no message names ${line.split(":")[0]}, whose ADD fails`);
  }
  rmSync(work, { recursive: true, force: true });
  if (wrong.length === 0) passed += 1;
  else { failed += 1; console.log(`differs  ${name}`); for (const line of flags.verbose ? wrong : wrong.slice(0, 3)) console.log(`         ${line.slice(0, 400)}`); }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
