#!/usr/bin/env node
// The speed table: our compiler and kube-proxy's own, in turn, on the same clusters. Prints Markdown.
// npm run bench -- [--mode iptables|ipvs] [--sizes 1000x10,10000x10cl2] [--runs 5] [--max-ratio 1]      after a build
// --max-ratio: exit 1 when the median time of any size is more than that many times kube-proxy's.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { emitCluster, measureCommand, measureCompilers, parseSize } from "./bench/measure.mjs";
import { findOracle } from "./conformance/oracle.mjs";

const defaultSizes = {
  iptables: "1000x10,5000x10,10000x10,10000x10cl2,50000x10",
  ipvs: "1000x10,10000x10,10000x10cl2",
};

const { values: flags } = parseArgs({
  options: {
    mode: { type: "string", default: "iptables" },
    sizes: { type: "string" },
    runs: { type: "string", default: "5" },
    "max-ratio": { type: "string", default: "Infinity" },
  },
});

const compilerHeading = `Cold compile of parsed objects to text; memory is the peak of the process, ours with the JSON text in it.

| services x endpoints | kube-proxy ms | Portolan ms | ratio | kube-proxy MB | Portolan MB (before compiling) | ratio | lines kube-proxy / Portolan |
|---|---|---|---|---|---|---|---|`;

const { mode } = flags;
const oracle = findOracle();
if (!Object.hasOwn(defaultSizes, mode)) {
  console.error(`--mode: ${mode} is neither iptables nor ipvs`);
  process.exitCode = 2;
} else if (oracle.missing === undefined)
  process.exitCode = main(oracle.path, Number(flags.runs), Number(flags["max-ratio"]));
else {
  console.error(`cannot measure kube-proxy: ${oracle.missing}`);
  process.exitCode = 2;
}

function main(path, runs, maxRatio) {
  const folder = mkdtempSync(join(tmpdir(), "portolan-bench-"));
  try {
    console.log(
      `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}, ${runs} runs, mode ${mode}, best / median.\n`,
    );
    const ratios = (flags.sizes ?? defaultSizes[flags.mode])
      .split(",")
      .map(parseSize)
      .map((size, index) => {
        if (index === 0) console.log(compilerHeading);
        return compareSize(path, size, { folder, runs });
      });
    reportCommands(path, { folder, runs });
    return Math.max(...ratios) <= maxRatio ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { best: sorted[0], median: sorted[Math.floor(sorted.length / 2)] };
}

function spelled({ best, median }) {
  return `${Math.round(best)} / ${Math.round(median)}`;
}

function ratio(ours, theirs) {
  return `${(ours.best / theirs.best).toFixed(2)} / ${(ours.median / theirs.median).toFixed(2)}`;
}

function signed(number) {
  return number > 0 ? `+${number}` : String(number);
}
