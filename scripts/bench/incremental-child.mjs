// One measurement in a process of its own: incremental-child.mjs CLUSTER.json MODE prints one line of JSON. What changes
// is what the oracle's bench changes: of 20 Services, each far from the last, the first endpoint gets another address.
import { readFileSync } from "node:fs";
import { compile, createCompiler } from "../../dist/index.js";

const roundsLikeTheirs = 20;
const roundsWarm = 500;

const { items } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const proxyConfig = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: process.argv[3],
  clusterCIDR: "100.64.0.0/10",
};
const options = { node: "node-0", proxyConfig };
const compiler = createCompiler(options);
const first = measure(() => compiler.update({ upsert: items }));
if (first.result.steps.length === 0) throw new Error(`refused: ${first.result.diagnostics[0]?.message}`);

const slices = items.flatMap(({ kind }, index) => (kind === "EndpointSlice" ? [index] : []));
const cold = changeOneEndpoint(0, roundsLikeTheirs);
const warm = changeOneEndpoint(roundsLikeTheirs, roundsWarm);
if (slices.length <= 10_000) expectFresh();
const megabytes = (bytes) => bytes / 2 ** 20;
console.log(
  JSON.stringify({
    firstMs: first.milliseconds,
    coldMs: median(cold.map(({ milliseconds }) => milliseconds)),
    warmMs: median(warm.map(({ milliseconds }) => milliseconds)),
    bytes: median([...cold, ...warm].map(({ bytes }) => bytes)),
    mostBytes: Math.max(...[...cold, ...warm].map(({ bytes }) => bytes)),
    heapMB: megabytes(heapNow()),
    peakRssMB: process.resourceUsage().maxRSS / 1024,
  }),
);

function changeOneEndpoint(from, rounds) {
  return Array.from({ length: rounds }, (_, round) => {
    const at = slices[((from + round) * 7919) % slices.length];
    const slice = structuredClone(items[at]);
    slice.endpoints[0].addresses = [`100.120.${(from + round) >> 8}.${(from + round) & 255}`];
    items[at] = slice;
    const { milliseconds, result } = measure(() => compiler.update({ upsert: [slice] }));
    if (result.scope !== "part" || result.steps.length === 0) throw new Error(`round ${round}: ${result.scope}`);
    return { milliseconds, bytes: result.steps.reduce((sum, { stdin }) => sum + stdin.length, 0) };
  });
}

function expectFresh() {
  const texts = ({ steps }) => steps.map(({ stdin }) => new TextDecoder().decode(stdin)).join("");
  const fresh = compile(items, options).script;
  if (texts(compiler.script()) !== texts(fresh)) throw new Error("the script is not as compiled anew");
}

function measure(run) {
  const start = performance.now();
  const result = run();
  return { milliseconds: performance.now() - start, result };
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function heapNow() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
