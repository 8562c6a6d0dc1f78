#!/usr/bin/env node
// Compares what Portolan says of names with what the real CoreDNS answered for the same state.
// Usage, from the project's root, after a build:  test/conformance/dns/check.mjs [--cases DIR] [--only REGEX] [--command WORDS] [--no-additional] [-v]
// For each case the questions of expected/answers.txt ('? NAME TYPE [options]') are given to
//   node BIN resolve -f cluster.yaml [--corefile Corefile] --questions FILE -o records
// (or WORDS in place of `node BIN resolve`), which must print them back in the form of answers.txt: '? question', '= RCODE', then records
// 'an|ns|ar NAME TTL IN TYPE DATA' in any order. Left out of the comparison: questions with options, the SOA serial, bytes=, and what is
// said of names outside the zones of the kubernetes plugin (answers, authority, rcode). Prints what differs, then 'N passed, M failed'.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    cases: { type: "string", default: dirname(fileURLToPath(import.meta.url)) },
    only: { type: "string", default: "" },
    command: { type: "string" },
    "no-additional": { type: "boolean", default: false },
    verbose: { type: "boolean", short: "v", default: false },
  },
});
const command = flags.command?.split(" ") ?? ["node", Object.values(JSON.parse(readFileSync("package.json", "utf8")).bin)[0], "resolve"];
const text = (path) => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** answers.txt -> Map of question -> sorted lines that count. */
function parse(answers, zones) {
  const inside = (name) => zones.some((zone) => name.toLowerCase() === zone || name.toLowerCase().endsWith("." + zone));
  const blocks = new Map();
  for (const block of answers.split(/^\? /m).slice(1)) {
    const [question, ...lines] = block.trim().split("\n");
    if (/ [+]| (from|to)=/.test(question)) continue;
    const [name, type] = question.split(" ");
    const asked = name.endsWith(".") ? name : name + ".";
    if (!inside(asked)) continue;
    const kept = lines.filter((line) => {
      if (line.startsWith("ar ") && (flags["no-additional"] || line.startsWith("ar ns.dns."))) return false; // the server's own address is not in the state
      return !/^(an|ns|ar) /.test(line) || inside(line.split(" ")[1]);
    });
    blocks.set(`${asked} ${type}`, kept.map((line) => line.replace(/ bytes=\d+/, "").replace(/( SOA \S+ \S+) \d+ /, "$1 SERIAL ")).sort());
  }
  return blocks;
}

let passed = 0, failed = 0;
for (const name of readdirSync(flags.cases).sort()) {
  const dir = join(flags.cases, name);
  const expected = text(join(dir, "expected/answers.txt"));
  if (!expected || !name.match(flags.only)) continue;
  if (/^forbidden:/m.test(text(join(dir, "case.yaml")))) continue; // what a live CoreDNS may not read, no state says
  const corefile = text(join(dir, "Corefile")) || "kubernetes cluster.local in-addr.arpa ip6.arpa";
  const zones = [...corefile.matchAll(/^\s*kubernetes\s+([^{\n]*)/gm)].flatMap((m) => m[1].trim().split(/\s+/)).map((zone) => (zone.includes("/") ? "arpa." : zone.replace(/\.?$/, ".")));
  const want = parse(expected, zones);
  const scratch = mkdtempSync(join(tmpdir(), "dns-"));
  writeFileSync(join(scratch, "questions"), [...want.keys()].join("\n") + "\n");
  let got = new Map(), error = "";
  try {
    const args = [...command.slice(1), "-f", join(dir, "cluster.yaml"), ...(existsSync(join(dir, "Corefile")) ? ["--corefile", join(dir, "Corefile")] : []), "--questions", join(scratch, "questions"), "-o", "records"];
    got = parse(execFileSync(command[0], args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], maxBuffer: 1 << 28 }), zones);
  } catch (e) {
    error = String(e.stderr || e.message).split("\n")[0];
  }
  rmSync(scratch, { recursive: true });
  const wrong = [...want].filter(([question, lines]) => JSON.stringify(got.get(question)) !== JSON.stringify(lines));
  if (!wrong.length) { passed++; continue; }
  failed++;
  console.log(`${name}: ${wrong.length} of ${want.size} questions${error && ": " + error}`);
  if (flags.verbose) for (const [question, lines] of wrong) console.log(`  ? ${question}\n    want ${lines.join("\n         ")}\n    got  ${(got.get(question) ?? ["nothing"]).join("\n         ")}`);
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
