#!/usr/bin/env node
// Compares what Portolan says of requests with what requests.txt expects.
// Usage, from the project's root, after a build:  test/conformance/ingress/check.mjs [--cases DIR] [--only REGEX] [--profile api|ingress-nginx|traefik] [-v]
// For each case: node BIN explain request -f cluster.yaml --ingress-controller PROFILE --requests requests.txt
// which must print every request line of the file in its order as 'REQUEST => OUTCOME' in the form of requests.txt (comments and '~' lines of the input are ignored).
// api: the lines as written; ingress-nginx, traefik: a line '~ nginx: X' or '~ traefik: X' below a request replaces its outcome; traefik is compared only in cases it was asked in.
// 'configuration refused' of a real controller is no outcome of ours: the request's own line counts. Shares of 'times N' may differ by 8.
// Cases with annotations are compared under ingress-nginx only. bad/*: compile must refuse with exit 3 what expected.txt refuses, and take ok-*.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    cases: { type: "string", default: dirname(fileURLToPath(import.meta.url)) },
    only: { type: "string", default: "" },
    profile: { type: "string", default: "" },
    verbose: { type: "boolean", short: "v", default: false },
  },
});
const bin = Object.values(JSON.parse(readFileSync("package.json", "utf8")).bin)[0];
const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");
const own = { "ingress-nginx": "nginx", traefik: "traefik" };

/** requests.txt -> [{request, outcome, by: {nginx, traefik}}] */
function parseRequests(text) {
  const found = [];
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("~")) {
      const [, names, outcome] = /^~ ([^:]+): (.*)$/.exec(line) ?? [];
      for (const name of (names ?? "").split(",")) found.at(-1).by[name.trim()] = outcome;
      continue;
    }
    const at = line.lastIndexOf(" => ");
    found.push({ request: line.slice(0, at), outcome: line.slice(at + 4), by: {} });
  }
  return found;
}
const shares = (outcome) => [...outcome.matchAll(/(\d+(?:\.\d+)?)% ([^,]+)/g)].map(([, share, to]) => [to.trim(), Number(share)]);
function same(want, got) {
  if (want === got) return true;
  const [a, b] = [new Map(shares(want)), new Map(shares(got))];
  return a.size > 0 && a.size === b.size && [...a].every(([to, share]) => b.has(to) && Math.abs(b.get(to) - share) <= 8);
}

const folders = [];
for (const name of readdirSync(flags.cases).sort()) {
  if (name === "bad" || !new RegExp(flags.only).test(name)) continue;
  for (const inner of ["", "before", "after"]) if (existsSync(join(flags.cases, name, inner, "requests.txt"))) folders.push([join(name, inner), join(flags.cases, name, inner)]);
}
const observed = JSON.parse(read(join(flags.cases, "observed.json")) || "{}");
let passed = 0, failed = 0;
const tell = (name, lines) => { failed += 1; console.log(`differs  ${name}`); for (const line of flags.verbose ? lines : lines.slice(0, 3)) console.log(`         ${line}`); };
for (const [name, folder] of folders) {
  const cluster = read(join(folder, "cluster.yaml"));
  const annotated = /nginx\.ingress\.kubernetes\.io\//.test(cluster);
  const requests = parseRequests(read(join(folder, "requests.txt")));
  if (/extensions\/v1beta1/.test(cluster)) continue;
  for (const profile of ["api", "ingress-nginx", "traefik"]) {
    if (flags.profile !== "" && flags.profile !== profile) continue;
    if (annotated && profile !== "ingress-nginx") continue;
    if (profile === "api" && !/rests on: (spec|conformance|the API)/.test(read(join(folder, "requests.txt")))) continue;
    if (profile === "traefik" && !JSON.stringify(observed[name] ?? {}).includes('"traefik"')) continue;
    const run = spawnSync("node", [bin, "explain", "request", "-f", join(folder, "cluster.yaml"), "--ingress-controller", profile, "--requests", join(folder, "requests.txt")], { encoding: "utf8", timeout: 30000 });
    const got = parseRequests(run.stdout ?? "");
    const wrong = [];
    if (got.length !== requests.length) wrong.push(`answers: ${got.length} of ${requests.length}; exit ${run.status}; ${(run.stderr ?? "").split("\n")[0]}`);
    else requests.forEach(({ request, outcome, by }, i) => {
      let want = by[own[profile]] ?? outcome;
      if (want === "configuration refused") want = outcome;
      if (!same(want, got[i].outcome)) wrong.push(`${request}: want ${want}; got ${got[i].outcome}`);
    });
    if (wrong.length === 0) passed += 1; else tell(`${name} (${profile})`, wrong);
  }
}
const bad = join(flags.cases, "bad");
if (existsSync(bad)) {
  for (const file of readdirSync(bad).filter((each) => each.endsWith(".yaml") && new RegExp(flags.only).test(each))) {
    const run = spawnSync("node", [bin, "check", "-f", join(bad, file)], { encoding: "utf8", timeout: 30000 });
    const fine = file.startsWith("ok-") ? run.status !== null && run.status < 2 : run.status === 3 && /^error\[/m.test(run.stderr + run.stdout);
    if (fine) passed += 1; else tell(`bad/${file}`, [`exit ${run.status}; ${(run.stderr ?? "").split("\n")[0]}`]);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
