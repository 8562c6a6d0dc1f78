import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { printRow, summary } from "./figures.mjs";
import { emitCluster } from "./measure.mjs";

const child = fileURLToPath(new URL("incremental-child.mjs", import.meta.url));

const heading = `
A kept compiler: one endpoint gets another address. kube-proxy's is its partial sync, without the processes; medians of
20 changes, and of 500 more once warm. To be at most 0.01 of its time and 0.005 of its bytes at 10,000 x 10, and at
50,000 x 10 at most twice the time at 1,000 x 10.

| services x endpoints | kube-proxy ms | Portolan ms (warm) | ratio (warm) | kube-proxy bytes | Portolan bytes (most) | ratio | first update ms | heap MB | peak MB |
|---|---|---|---|---|---|---|---|---|---|`;

/** Prints what an update costs, beside what it costs kube-proxy. */
export function reportIncremental(oracle, { folder, runs, mode, sizes }) {
  console.log(heading);
  for (const size of sizes) {
    const file = emitCluster(oracle, size, mode, folder);
    const [theirs, ours] = [[], []];
    for (let run = 0; run < runs; run += 1) {
      const bench = ["bench", ...size.workload, "--mode", mode];
      theirs.push(JSON.parse(execFileSync(oracle, bench, { encoding: "utf8" })));
      const node = ["--expose-gc", child, file, mode];
      ours.push(JSON.parse(execFileSync(process.execPath, node, { encoding: "utf8" })));
    }
    printRow(rowOf(size.name, theirs, ours));
  }
}

function rowOf(name, theirs, ours) {
  const of = (results, field) => summary(results.map((result) => result[field])).median;
  const [sync, cold, warm] = [of(theirs, "partialOneEndpointMs"), of(ours, "coldMs"), of(ours, "warmMs")];
  const [theirBytes, ourBytes] = [of(theirs, "bytesPartial"), of(ours, "bytes")];
  return [
    name,
    sync.toFixed(1),
    `${cold.toFixed(2)} (${warm.toFixed(2)})`,
    `${(cold / sync).toFixed(4)} (${(warm / sync).toFixed(4)})`,
    theirBytes,
    `${ourBytes} (${of(ours, "mostBytes")})`,
    theirBytes === 0 ? "" : (ourBytes / theirBytes).toFixed(4),
    Math.round(of(ours, "firstMs")),
    Math.round(of(ours, "heapMB")),
    Math.round(of(ours, "peakRssMB")),
  ];
}
