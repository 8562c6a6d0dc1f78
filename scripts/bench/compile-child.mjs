// One measurement in a process of its own: compile-child.mjs CLUSTER.json prints one line of JSON.
import { readFileSync } from "node:fs";
import { compile } from "../../dist/index.js";

const objects = [JSON.parse(readFileSync(process.argv[2], "utf8"))];
const proxyConfig = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  clusterCIDR: "100.64.0.0/10",
};
const heapBefore = process.memoryUsage().heapUsed;
const rssBefore = process.resourceUsage().maxRSS;
const start = performance.now();
const { script, diagnostics } = compile(objects, { node: "node-0", proxyConfig });
const milliseconds = performance.now() - start;
if (script === undefined) throw new Error(`refused: ${diagnostics[0]?.message}`);

const { stdin } = script.steps.find(({ file }) => file === "iptables.restore");
let lines = 0;
for (let at = stdin.indexOf(10); at >= 0; at = stdin.indexOf(10, at + 1)) lines += 1;
const megabytes = (bytes) => bytes / 2 ** 20;
console.log(
  JSON.stringify({
    milliseconds,
    lines,
    bytes: stdin.length,
    heapBeforeMB: megabytes(heapBefore),
    rssBeforeMB: rssBefore / 1024,
    peakRssMB: process.resourceUsage().maxRSS / 1024,
  }),
);
