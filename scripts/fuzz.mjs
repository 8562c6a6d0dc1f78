#!/usr/bin/env node
// Differential fuzzing: random clusters, our rules against those of the real kube-proxy.
// npm run fuzz -- [--mode iptables|ipvs] [--count N] [--seed S] [--keep DIR]      after a build
// PORTOLAN_ORACLE names a built oracle; else it is built from scripts/oracle/kube-proxy.
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile } from "../dist/index.js";
import { readDocuments } from "../dist/model/documents/read-documents.js";
import { runFuzzRound } from "./conformance/fuzz-round.mjs";
import { findOracle, whyNoRendering } from "./conformance/oracle.mjs";

const shownLines = 8;

const { values: flags } = parseArgs({
  options: {
    count: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    mode: { type: "string", default: "iptables" },
    keep: { type: "string" },
  },
});

process.exitCode = main(flags.mode, Number(flags.count), Number(flags.seed));

function main(mode, count, firstSeed) {
  const isMode = mode === "iptables" || mode === "ipvs";
  if (!isMode || !Number.isInteger(count) || count < 1 || !Number.isInteger(firstSeed) || firstSeed < 0) {
    console.error("usage: npm run fuzz -- [--mode iptables|ipvs] [--count N] [--seed S] [--keep DIR]");
    return 2;
  }
  const oracle = findOracle();
  const reason = oracle.missing ?? whyNoRendering();
  if (reason !== undefined) {
    console.error(`cannot fuzz: ${reason}`);
    return 2;
  }
  const folder = flags.keep === undefined ? mkdtempSync(join(tmpdir(), "portolan-fuzz-")) : resolve(flags.keep);
  const product = { compile, readDocuments };
  let compared = 0;
  let differ = 0;
  let seed = firstSeed;
  for (; compared < count; seed += 1) {
    const round = runFuzzRound(oracle.path, product, { mode, seed, folder, limit: count - compared });
    compared += round.compared;
    differ += round.differing.length;
    console.log(`seed ${seed}: ${round.compared} compared, ${round.differing.length} differ`);
    if (round.trouble !== undefined) console.log(round.trouble);
    round.differing.forEach(printCase);
  }
  if (differ === 0 && flags.keep === undefined) rmdirSync(folder);
  console.log(`${compared} clusters of ${mode} mode compared, ${differ} differ (seeds ${firstSeed}-${seed - 1})`);
  return differ === 0 ? 0 : 1;
}

function printCase({ folder, differences }) {
  console.log(`differs: ${folder}`);
  for (const line of differences.slice(0, shownLines)) console.log(`    ${line}`);
  if (differences.length > shownLines) console.log(`    ... ${differences.length - shownLines} more lines`);
}
