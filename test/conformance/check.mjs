#!/usr/bin/env node
// Compares what Portolan compiles with what the real kube-proxy programmed for the same state.
// Usage, from the project's root, after a build:  test/conformance/check.mjs [--cases DIR] [--only REGEX] [--mode iptables|ipvs|nftables] [--determinism] [-v]
// nftables cases are compared through this machine's kernel and nft (root needed); without --mode they are left out, with a note, while the build refuses that mode.
// --kube-proxy-version 1.37: passed on to compile; expected-1.37/ is compared where a case has it (expected/ is kube-proxy 1.36.3's).
// Each case directory: case.yaml cluster.yaml kube-proxy.yaml expected/. Prints the cases that differ, then 'N passed, M failed'.
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { blocksOf, load, loadThrice } from "./nft.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values: flags } = parseArgs({
  options: {
    cases: { type: "string", default: join(here, "cases") },
    only: { type: "string", default: "" },
    mode: { type: "string", default: "" },
    determinism: { type: "boolean", default: false },
    verbose: { type: "boolean", short: "v", default: false },
    "kube-proxy-version": { type: "string", default: "" },
  },
});
// Without the flag: expected/ is 1.36.3's, so a build that knows versions is asked for 1.36.
const knowsVersions = /--kube-proxy-version/.test(spawnSync("node", [JSON.parse(readFileSync("package.json", "utf8")).bin.portolan, "compile", "--help"], { encoding: "utf8" }).stdout ?? "");
const version = flags["kube-proxy-version"] || (knowsVersions ? "1.36" : "");

const manifest = JSON.parse(readFileSync("package.json", "utf8"));
const bin = typeof manifest.bin === "string" ? manifest.bin : manifest.bin?.portolan;
if (!bin || !existsSync(bin)) {
  console.error(`no built bin ${bin ?? "'portolan'"} named in package.json: build first`);
  process.exit(2);
}

const text = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const lines = (path) => text(path).split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));

/** Chains whose order kube-proxy takes from a Go map: compared as multisets, apart from the jumps that must come last. */
const unordered = {
  iptables: /^(KUBE-SERVICES|KUBE-NODEPORTS|KUBE-EXTERNAL-SERVICES|KUBE-PROXY-FIREWALL)$/,
  ipvs: /^KUBE-IPVS-OUT-FILTER$/,
};
const last = /NOTE: this must be the last rule/;

/** Restore or save text -> Map of 'table chain' -> rules. */
function chains(source, mode) {
  const found = new Map();
  let table = "";
  for (const line of source.split("\n").map((l) => l.trim())) {
    if (line.startsWith("*")) table = line.slice(1);
    else if (/KUBE-PROXY-CANARY/.test(line)) continue; // kube-proxy's own flush detector, no rule
    else if (line.startsWith(":")) entry(found, `${table} ${line.slice(1).split(" ")[0]}`);
    else if (line.startsWith("-A ")) entry(found, `${table} ${line.split(" ")[1]}`).push(line);
    else if (line && !line.startsWith("#") && line !== "COMMIT") entry(found, `${table} ?`).push(line);
  }
  for (const [key, rules] of [...found]) {
    if (unordered[mode].test(key.split(" ")[1])) found.set(key, inOrder(rules) ? canonical(rules) : ["(order that matters is wrong)", ...rules]);
    if (/ (INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING)$/.test(key) && rules.length === 0) found.delete(key);
  }
  return found;
}
const canonical = (rules) => [...rules.filter((rule) => !last.test(rule)).sort(), ...rules.filter((rule) => last.test(rule))];

/** The jumps to the node ports come last; a rule that counts localhost node ports comes before its plain twin. */
function inOrder(rules) {
  const tail = rules.findIndex((rule) => last.test(rule));
  if (tail !== -1 && !rules.slice(tail).every((rule) => last.test(rule))) return false;
  return rules.every((rule, i) => {
    const twin = /--nfacct-name/.test(rule) ? rules.indexOf(rule.replace(/ -m nfacct --nfacct-name +\S+/, "").replace(" -d 127.0.0.0/8", "")) : -1;
    return twin === -1 || twin > i;
  });
}
function entry(map, key) {
  if (!map.has(key)) map.set(key, []);
  return map.get(key);
}

function differences(wanted, got, label) {
  const out = [];
  for (const key of new Set([...wanted.keys(), ...got.keys()])) {
    const want = wanted.get(key);
    const have = got.get(key);
    if (!have) out.push(`${label}: chain missing: ${key} (${want.length} rules)`);
    else if (!want) out.push(`${label}: chain too many: ${key} (${have.length} rules)`);
    else out.push(...lineDifferences(want, have, `${label} ${key}`));
  }
  return out;
}
function lineDifferences(want, have, label) {
  if (want.length === have.length && want.every((line, i) => line === have[i])) return [];
  const missing = want.filter((line) => !have.includes(line)).map((line) => `  kube-proxy: ${line}`);
  const extra = have.filter((line) => !want.includes(line)).map((line) => `  portolan:   ${line}`);
  if (missing.length + extra.length === 0) return [`${label}: same lines, other order or number`];
  return [`${label}:`, ...missing, ...extra];
}

const sets = (source) => source.map((line) => line.replace(/^create (\S+) (\S+)/, "create $1 $2")
  .replace(/ (hashsize|maxelem|bucketsize|initval) \S+/g, "").replace(/ comment( "[^"]*")?$/, "").replace(/ -exist/g, "")).sort();
const addresses = (source) => source.map((line) => /addr(?:ess)? (?:replace|add) (\S+)/.exec(line)?.[1]?.replace(/\/(32|128)$/, "") ?? "").filter(Boolean).sort();
/** Conntrack sizing depends on the host's cores and is no part of the rules. */
const settings = (source) => source.filter((line) => !/nf_conntrack_/.test(line)).map((line) => line.replace(/\s*=\s*/, " = ").replace(/^\S+/, (name) => name.replaceAll("/", "."))).sort();

const builtin = /^(INPUT|OUTPUT|FORWARD|PREROUTING|POSTROUTING)$/;

const filesOf = {
  restore: /^(sysctl\.conf|addresses\.batch|ipset\.restore|ip6?tables\.(restore|jumps)|ipvs\.(restore|timeouts)|nfacct\.counters|apply\.sh)$/,
  nftables: /^(sysctl\.conf|nftables\.ip6?\.nft|apply\.sh)$/,
};

/** What a restore of the text would stumble over, or do beyond our own chains. */
function formFaults(out, known = filesOf.restore) {
  const faults = [];
  for (const tool of ["iptables", "ip6tables"]) {
    for (const kind of ["restore", "jumps"]) {
      const name = `${tool}.${kind}`;
      let table = "";
      let declared = new Set();
      const tables = [];
      for (const line of lines(join(out, name))) {
        if (line.startsWith("*")) { if (table) faults.push(`${name}: *${table} has no COMMIT`); table = line.slice(1); tables.push(table); declared = new Set(); }
        else if (line === "COMMIT") table = "";
        else if (!table) faults.push(`${name}: outside a table: ${line}`);
        else if (line.startsWith(":")) { const chain = line.slice(1).split(" ")[0]; declared.add(chain); if (builtin.test(chain)) faults.push(`${name}: declares built-in ${chain}, which would set its policy`); if (/CANARY/.test(chain)) faults.push(`${name}: declares ${chain}`); }
        else if (line.startsWith("-A ")) { const chain = line.split(" ")[1]; if (kind === "restore" ? !declared.has(chain) : !builtin.test(chain)) faults.push(`${name}: rule in a chain ${kind === "restore" ? "not declared before" : "not built in"}: ${line}`); }
        else faults.push(`${name}: neither declaration nor -A rule: ${line}`);
      }
      if (table) faults.push(`${name}: *${table} has no COMMIT`);
      if (kind === "restore" && tables.length && tables.filter((t, i) => t !== tables[i - 1]).join() !== [...new Set(tables)].sort().join()) faults.push(`${name}: tables in the order ${tables.join(", ")}`);
    }
  }
  for (const line of lines(join(out, "addresses.batch"))) if (!/^addr replace \S+\/(32|128) dev kube-ipvs0$/.test(line)) faults.push(`addresses.batch: ${line}`);
  const made = new Map();
  for (const line of lines(join(out, "ipset.restore"))) {
    const [verb, name] = line.split(" ");
    if (verb === "create") made.set(name, { limit: Number(/maxelem (\d+)/.exec(line)?.[1] ?? 65536), count: 0 });
    else if (!made.has(name)) faults.push(`ipset.restore: used before it is created: ${line}`);
    else if (verb === "add" && (made.get(name).count += 1) > made.get(name).limit && !/bitmap/.test(line)) faults.push(`ipset.restore: more entries than maxelem in ${name}`);
  }
  let server = "";
  for (const line of lines(join(out, "ipvs.restore"))) {
    const [verb, kind, address] = line.split(" ");
    if (verb === "-A") server = `${kind} ${address}`;
    else if (`${kind} ${address}` !== server) faults.push(`ipvs.restore: real server away from its virtual server: ${line}`);
  }
  for (const name of readdirSync(out)) {
    if (!known.test(name)) faults.push(`unknown file ${name}`);
    else if (text(join(out, name)).trim() === "") faults.push(`${name} is written, but empty`);
  }
  if (!existsSync(join(out, "apply.sh"))) faults.push("no apply.sh");
  else if (spawnSync("sh", ["-n", join(out, "apply.sh")]).status !== 0) faults.push("apply.sh: sh -n fails");
  return faults;
}

/** nft folds a set of one element when it reads it, not when its elements merge into one: the same rule in two spellings. */
const folded = (line) => line.replace(/(\bip6? [sd]addr (?:!= )?)\{ ([^{},]+) \}/g, "$1$2");

function nftDifferences(expected, script, family) {
  const label = `nft ${family}`;
  if (!existsSync(script)) return existsSync(expected) ? [`${label}: no nftables.${family}.nft`] : [];
  if (!existsSync(expected)) return [`${label}: written, but kube-proxy has nothing in this family`];
  const { text: got, error, faults = [] } = loadThrice(script, family);
  if (error) return [`${label}: nft refuses it: ${error}`];
  const out = faults.map((fault) => `${label}: ${fault}`);
  const blocks = (source) => new Map([...blocksOf(source)].map(([name, body]) => [name, body.map(folded)]));
  let wanted = text(expected);
  if (wanted !== got) wanted = load(expected, family).text ?? wanted; // as this machine's nft spells it
  const [want, have] = [blocks(wanted), blocks(got)];
  for (const name of new Set([...want.keys(), ...have.keys()])) {
    if (!have.has(name)) out.push(`${label}: missing: ${name}`);
    else if (!want.has(name)) out.push(`${label}: too many: ${name}`);
    else out.push(...lineDifferences(want.get(name), have.get(name), `${label} ${name}`));
  }
  return out;
}

function compareNFT(expected, out) {
  return [
    ...formFaults(out, filesOf.nftables),
    ...["ip", "ip6"].flatMap((family) => nftDifferences(join(expected, `nft.${family}`), join(out, `nftables.${family}.nft`), family)),
    ...lineDifferences(settings(lines(join(expected, "sysctl.conf"))), settings(lines(join(out, "sysctl.conf"))), "sysctl"),
  ];
}

function compare(expected, out) {
  if (existsSync(join(expected, "nft.ip")) || existsSync(join(expected, "nft.ip6"))) return compareNFT(expected, out);
  const found = formFaults(out);
  const mode = existsSync(join(expected, "ipvsadm.save")) ? "ipvs" : "iptables";
  for (const tool of ["iptables", "ip6tables"]) {
    found.push(...differences(chains(text(join(expected, `${tool}.save`)), mode),
      chains(`${text(join(out, `${tool}.restore`))}\n${text(join(out, `${tool}.jumps`))}`, mode), tool));
  }
  found.push(...lineDifferences(sets(lines(join(expected, "ipset.save"))), sets(lines(join(out, "ipset.restore"))), "ipset"));
  found.push(...lineDifferences(lines(join(expected, "ipvsadm.save")).sort(), lines(join(out, "ipvs.restore")).sort(), "ipvs"));
  found.push(...lineDifferences(lines(join(expected, "addresses")).map((a) => a.replace(/\/(32|128)$/, "")).sort(), addresses(lines(join(out, "addresses.batch"))), "addresses"));
  found.push(...lineDifferences(lines(join(expected, "ipvsadm.timeouts")), lines(join(out, "ipvs.timeouts")), "ipvs timeouts"));
  found.push(...lineDifferences(settings(lines(join(expected, "sysctl.conf"))), settings(lines(join(out, "sysctl.conf"))), "sysctl"));
  return found;
}

function compileInto(out, dir, cluster) {
  const node = /^node:\s*["']?([^"'\s]+)/m.exec(text(join(dir, "case.yaml")))?.[1] ?? "node1";
  const args = [bin, "compile", "-f", cluster, "--node", node, "--out-dir", out];
  if (existsSync(join(dir, "kube-proxy.yaml"))) args.push("--proxy-config", join(dir, "kube-proxy.yaml"));
  if (version) args.push("--kube-proxy-version", version);
  return new Promise((done) => {
    execFile(process.execPath, args, { maxBuffer: 1 << 28, timeout: 60_000 }, (error, stdout, stderr) => done({ code: error ? (error.code ?? error.signal) : 0, stdout, stderr }));
  });
}

async function run(dir) {
  const wanted = version && existsSync(join(dir, `expected-${version}`)) ? join(dir, `expected-${version}`) : join(dir, "expected");
  const work = mkdtempSync(join(tmpdir(), "conformance-"));
  const out = join(work, "out");
  try {
    const { code, stdout, stderr } = await compileInto(out, dir, join(dir, "cluster.yaml"));
    const brief = stderr.trim().split("\n").slice(0, 4).join(" | ");
    if (existsSync(join(wanted, "error.txt"))) {
      if (code === 0) return ["kube-proxy refuses this state, portolan compiled it"];
      if (code !== 3) return [`refused with exit ${code}, not 3: ${brief}`];
      if (!/^error\[[a-z0-9-]+\]: /m.test(stderr)) return [`refused without an error[code]: ${brief}`];
      return existsSync(out) && readdirSync(out).length > 0 ? ["refused, but files were written"] : [];
    }
    if (code !== 0) return [`compile failed (${code}): ${brief}`];
    const found = compare(wanted, out);
    if (stdout !== "") found.push("stdout is not empty, though --out-dir is given");
    if (flags.determinism && found.length === 0) found.push(...(await shuffled(work, out, dir)));
    return found;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The same documents in reverse order must give the same bytes. */
async function shuffled(work, out, dir) {
  const reversed = join(work, "reversed.yaml");
  writeFileSync(reversed, text(join(dir, "cluster.yaml")).split(/^---$/m).filter((d) => d.trim()).reverse().join("\n---\n"));
  const again = join(work, "again");
  await compileInto(again, dir, reversed);
  return readdirSync(out).filter((name) => text(join(out, name)) !== text(join(again, name))).map((name) => `${name} depends on the order of the input`);
}

function modeOf(name) {
  return /^mode:\s*"?(ipvs|nftables)/m.exec(text(join(root, name, "kube-proxy.yaml")))?.[1] ?? "iptables";
}

/** A build that does not know mode nftables yet is measured on the other two, unless --mode says otherwise. */
async function leaveOutUnsupported() {
  const nft = names.filter((name) => modeOf(name) === "nftables" && !existsSync(join(root, name, "expected", "error.txt")));
  if (flags.mode || nft.length === 0) return;
  const work = mkdtempSync(join(tmpdir(), "conformance-"));
  const { code, stderr } = await compileInto(join(work, "out"), join(root, nft[0]), join(root, nft[0], "cluster.yaml"));
  rmSync(work, { recursive: true, force: true });
  if (code !== 3 || !/^error\[mode-not-supported\]/m.test(stderr)) return;
  const kept = names.filter((name) => modeOf(name) !== "nftables");
  console.log(`left out: ${names.length - kept.length} nftables cases, a mode this build does not support`);
  names.splice(0, names.length, ...kept);
}

const root = resolve(flags.cases);
const names = readdirSync(root, { withFileTypes: true }).filter((e) => e.isDirectory() && existsSync(join(root, e.name, "cluster.yaml"))).map((e) => e.name)
  .filter((name) => new RegExp(flags.only).test(name))
  .filter((name) => !flags.mode || modeOf(name) === flags.mode).sort();
await leaveOutUnsupported();
const results = new Map();
const queue = [...names];
await Promise.all(Array.from({ length: availableParallelism() }, async () => {
  for (let name = queue.shift(); name; name = queue.shift()) results.set(name, await run(join(root, name)));
}));
let failed = 0;
for (const name of names) {
  const found = results.get(name);
  if (found.length === 0) continue;
  failed += 1;
  console.log(`differs  ${name}`);
  for (const line of flags.verbose ? found : found.slice(0, 6)) console.log(`         ${line.slice(0, 400)}`);
  if (!flags.verbose && found.length > 6) console.log(`         ... ${found.length - 6} more lines (-v)`);
}
console.log(`${names.length - failed} passed, ${failed} failed`);
process.exit(failed || names.length === 0 ? 1 : 0);
