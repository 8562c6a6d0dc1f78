#!/usr/bin/env node
// The speed tables: our compiler and kube-proxy's own, in turn, on the same clusters; what a change of one endpoint costs
// a kept compiler; what reviewing costs; then, in iptables mode, the time to bring their rules onto a host (as root).
// Prints Markdown. After a build:
// npm run bench -- [--only compile|incremental|review|apply] [--mode iptables|ipvs|nftables] [--sizes 1000x10,10000x10cl2] [--runs 5] [--max-ratio 1]
//                  [--apply-size 1000x10,5000x10]
// --max-ratio: exit 1 when the median time to compile any size is more than that many times kube-proxy's.
// --apply-size: sizes to apply in full; kube-proxy's side takes half a minute at 2000x10, seven minutes at 5000x10.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { reportApply } from "./bench/apply.mjs";
import { ratio, signed, spelled, summary } from "./bench/figures.mjs";
import { reportIncremental } from "./bench/incremental.mjs";
import { emitCluster, measureCommand, measureCompilers, parseSize } from "./bench/measure.mjs";
import { reportReview } from "./bench/review.mjs";
import { findOracle } from "./conformance/oracle.mjs";

const defaultSizes = {
  iptables: "1000x10,5000x10,10000x10,10000x10cl2,50000x10",
  ipvs: "1000x10,10000x10,10000x10cl2",
  nftables: "1000x10,10000x10,10000x10cl2",
};
const incrementalSizes = "1000x10,10000x10,50000x10";
const reviewSizes = "10000x10";
const parts = ["compile", "incremental", "review", "apply"];

const { values: flags } = parseArgs({
  options: {
    mode: { type: "string", default: "iptables" },
    sizes: { type: "string" },
    runs: { type: "string", default: "5" },
    "max-ratio": { type: "string", default: "Infinity" },
    only: { type: "string" },
    "apply-size": { type: "string", default: "1000x10,2000x10" },
  },
});

const compilerHeading = `
Cold compile of parsed objects to text; memory is the peak of the process, ours with the JSON text in it.

| services x endpoints | kube-proxy ms | Portolan ms | ratio | kube-proxy MB | Portolan MB (before compiling) | ratio | lines kube-proxy / Portolan |
|---|---|---|---|---|---|---|---|`;

const { mode, only } = flags;
const oracle = findOracle();
const reason = whyNot();
if (reason === undefined) process.exitCode = await main(oracle.path, Number(flags.runs), Number(flags["max-ratio"]));
else {
  console.error(reason);
  process.exitCode = 2;
}

function whyNot() {
  if (!Object.hasOwn(defaultSizes, mode)) return `--mode: ${mode} is none of ${Object.keys(defaultSizes).join(", ")}`;
  if (only !== undefined && !parts.includes(only)) return `--only: ${only} is none of ${parts.join(", ")}`;
  if (only === "apply" && mode !== "iptables") return "--only apply: applying is measured in iptables mode alone";
  return oracle.missing && `cannot measure kube-proxy: ${oracle.missing}`;
}

async function main(path, runs, maxRatio) {
  const folder = mkdtempSync(join(tmpdir(), "portolan-bench-"));
  try {
    console.log(
      `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, ${runs} runs, mode ${mode}, best / median.`,
    );
    const isAsked = (part) => only === undefined || only === part;
    const isWithin = !isAsked("compile") || reportCompile(path, { folder, runs }) <= maxRatio;
    if (isAsked("incremental")) {
      const sizes = (flags.sizes ?? incrementalSizes).split(",").map(parseSize);
      reportIncremental(path, { folder, runs, mode, sizes });
    }
    if (isAsked("review")) {
      const sizes = (flags.sizes ?? reviewSizes).split(",");
      reportReview(path, { folder, runs, mode, sizes });
    }
    if (isAsked("apply") && mode === "iptables") {
      const sizes = flags["apply-size"].split(",").map(parseSize);
      await reportApply(path, { folder, runs, sizes });
    }
    return isWithin ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The greatest ratio of any size. */
function reportCompile(path, { folder, runs }) {
  console.log(compilerHeading);
  const sizes = (flags.sizes ?? defaultSizes[mode]).split(",").map(parseSize);
  const ratios = sizes.map((size) => compareSize(path, size, { folder, runs }));
  reportCommands(path, { folder, runs });
  return Math.max(...ratios);
}

function compareSize(path, size, { folder, runs }) {
  const file = emitCluster(path, size, mode, folder);
  const { kubeProxy, portolan } = measureCompilers(path, size, { mode, file, runs });
  const theirs = summary(kubeProxy.map(({ coldMs }) => coldMs));
  const ours = summary(portolan.map(({ milliseconds }) => milliseconds));
  const theirMemory = summary(kubeProxy.map(({ peakRssMB }) => peakRssMB));
  const ourMemory = summary(portolan.map(({ peakRssMB }) => peakRssMB));
  const before = summary(portolan.map(({ rssBeforeMB }) => rssBeforeMB));
  const lines = `${kubeProxy[0].lines} / ${portolan[0].lines} (${signed(portolan[0].lines - kubeProxy[0].lines)})`;
  const cells = [
    size.name,
    spelled(theirs),
    spelled(ours),
    ratio(ours, theirs),
    spelled(theirMemory),
    `${spelled(ourMemory)} (${Math.round(before.median)})`,
    ratio(ourMemory, theirMemory),
    lines,
  ];
  console.log(`| ${cells.join(" | ")} |`);
  return ours.median / theirs.median;
}

function reportCommands(path, { folder, runs }) {
  const file = emitCluster(path, parseSize("10000x10"), mode, folder);
  console.log("\n| whole command | ms |\n|---|---|");
  const commands = {
    version: "--version",
    small: "compile of golden/service-python",
    large: "compile of 10000 x 10 as JSON to --out-dir",
  };
  for (const [kind, name] of Object.entries(commands)) {
    console.log(`| ${name} | ${spelled(summary(measureCommand(kind, { mode, folder, file, runs })))} |`);
  }
}
