#!/usr/bin/env node
// Measures the structure of src/: its size, what imports what, and which files know a mode or a tool.
// Usage: npm run structure [-- --edges | --offenders]
// --edges: also each import that breaks a rule, and the files behind the counts.
// --offenders: only the list of scripts/structure/known.json as it would be now (for files that were moved: the list may only shrink).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { filesAskingMode, filesKnowingTool, filesReadingRules } from "./structure/knowledge.mjs";
import { findOffenders, keyOf } from "./structure/rules.mjs";
import { edgesOf, parseSources, readTexts } from "./structure/sources.mjs";
import { measure, renderTable } from "./structure/table.mjs";

const { values: flags } = parseArgs({ options: { edges: { type: "boolean" }, offenders: { type: "boolean" } } });
const rules = JSON.parse(readFileSync(new URL("structure/layers.json", import.meta.url), "utf8"));
const sources = parseSources(readTexts(fileURLToPath(new URL("../src", import.meta.url))));
const edges = edgesOf(sources);
const offenders = findOffenders(edges, rules);

if (flags.offenders) {
  console.log(JSON.stringify(offenders.map(keyOf).sort(), null, 2));
} else {
  console.log(renderTable(measure(sources, edges, rules.layers)));
  if (flags.edges) printEdges();
}

function printEdges() {
  console.log();
  for (const one of offenders) console.log(`${one.rule}: ${one.from}:${one.line} -> ${one.to} (${one.why})`);
  printFiles("asks for a mode", filesAskingMode(sources));
  printFiles("imports a tool's or program's folder", filesKnowingTool(edges));
  printFiles("takes iptables-save lines apart", filesReadingRules(sources));
}

function printFiles(what, paths) {
  console.log();
  for (const path of paths) console.log(`${what}: ${path}`);
}
