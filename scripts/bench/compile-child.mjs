// One measurement in a process of its own: compile-child.mjs CLUSTER.json MODE prints one line of JSON.
import { readFileSync } from "node:fs";
import { compile } from "../../dist/index.js";

const objects = [JSON.parse(readFileSync(process.argv[2], "utf8"))];
const proxyConfig = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: process.argv[3],
  clusterCIDR: "100.64.0.0/10",
};
const heapBefore = process.memoryUsage().heapUsed;
const rssBefore = process.resourceUsage().maxRSS;
const start = performance.now();
const { script, diagnostics } = compile(objects, { node: "node-0", proxyConfig });
const milliseconds = performance.now() - start;
const peakRss = process.resourceUsage().maxRSS;
if (script === undefined) throw new Error(`refused: ${diagnostics[0]?.message}`);

const decoder = new TextDecoder();
let lines = 0;
let bytes = 0;
for (const { file, stdin } of script.steps) {
  // What kube-proxy's figure counts: rules, entries of sets, virtual and real servers; in nftables mode lines of all kinds.
  if (!["iptables.restore", "ipset.restore", "ipvs.restore", "nftables.ip.nft"].includes(file)) continue;
  lines += decoder.decode(stdin).match(/^(?!create ).+$/gm)?.length ?? 0;
  bytes += stdin.length;
}
const megabytes = (bytes) => bytes / 2 ** 20;
console.log(
  JSON.stringify({
    milliseconds,
    lines,
    bytes,
    heapBeforeMB: megabytes(heapBefore),
    rssBeforeMB: rssBefore / 1024,
    peakRssMB: peakRss / 1024,
  }),
);
