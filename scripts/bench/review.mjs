import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printRow, spelled, summary } from "./figures.mjs";
import { cli, emitCluster, parseSize, wallTime, writeConfiguration } from "./measure.mjs";

/** The time and memory that reviewing takes: two large rule sets, one packet in one of them, two sets of manifests. */
export function reportReview(oracle, { folder, runs, mode, sizes }) {
  console.log("\n| review | ms | peak MB |\n|---|---|---|");
  for (const size of sizes.map(parseSize)) reportLarge(oracle, size, { folder, runs, mode });
  reportManifests({ folder, runs });
}

function reportLarge(oracle, size, { folder, runs, mode }) {
  const cluster = JSON.parse(readFileSync(emitCluster(oracle, size, mode, folder), "utf8"));
  const configuration = writeConfiguration(mode, folder);
  const compiled = (name, objects, more = []) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    const out = join(folder, name);
    wallTime(["compile", "-f", file, "--node", "node-0", "--proxy-config", configuration, "--out-dir", out, ...more]);
    return out;
  };
  const objects = Array.isArray(cluster) ? cluster : cluster.items;
  const base = compiled("base", objects);
  const edited = compiled("edited", withEdits(objects));
  row(`diff of ${size.name}, three Services changed`, ["diff", base, edited], runs);
  row(`diff of ${size.name}, nothing changed`, ["diff", base, base], runs);
  const service = objects.find(({ kind, spec }) => kind === "Service" && spec.clusterIP?.includes("."));
  const to = `${service.spec.clusterIP}:${service.spec.ports[0].port}`;
  const dump = join(folder, "node.save");
  const texts = mode === "nftables" ? ["nftables.ip.nft"] : ["iptables.restore", "iptables.jumps"];
  writeFileSync(dump, texts.map((file) => readFileSync(join(base, file), "utf8")).join(""));
  row(
    `explain one packet in ${size.name}`,
    ["explain", "packet", "--from", "100.64.0.9", "--to", to, "--actual", dump],
    runs,
  );
}

/** One Service less, one endpoint less, one Service without endpoints. */
function withEdits(objects) {
  const edited = structuredClone(objects);
  const slices = edited.filter(({ kind }) => kind === "EndpointSlice");
  slices[Math.floor(slices.length / 2)].endpoints.pop();
  slices[Math.floor(slices.length / 3)].endpoints = [];
  edited.splice(
    edited.findIndex(({ kind }) => kind === "Service"),
    1,
  );
  return edited;
}

function reportManifests({ folder, runs }) {
  const write = (name, isEdited) => {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, manifests(isEdited));
    return file;
  };
  row("diff of manifests, 200 Services, 20 changed", ["diff", write("before", false), write("after", true)], runs);
}

function manifests(isEdited) {
  const node = `apiVersion: v1\nkind: Node\nmetadata: {name: node1}\nspec: {podCIDR: 10.244.1.0/24}\nstatus:\n  addresses:\n  - {type: InternalIP, address: 192.0.2.10}\n`;
  const services = Array.from({ length: 200 }, (_, at) => {
    const endpoints = isEdited && at % 10 === 0 ? 2 : 3;
    const lines = Array.from(
      { length: endpoints },
      (_, e) => `- addresses: [10.244.${1 + e}.${at + 1}]\n  nodeName: node${e + 1}\n`,
    );
    return `---\napiVersion: v1\nkind: Service\nmetadata:\n  name: svc${at}\n  namespace: shop\nspec:\n  clusterIP: 10.96.0.${at + 1}\n  selector:\n    app: svc${at}\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata:\n  name: svc${at}-x\n  namespace: shop\n  labels:\n    kubernetes.io/service-name: svc${at}\naddressType: IPv4\nendpoints:\n${lines.join("")}ports:\n- name: http\n  port: 8080\n`;
  });
  return node + services.join("");
}

function row(name, args, runs) {
  const measured = Array.from({ length: runs }, () => measure(args));
  const peaks = summary(measured.map(({ peakMB }) => peakMB));
  printRow([name, spelled(summary(measured.map(({ milliseconds }) => milliseconds))), spelled(peaks)]);
}

/** Exit 1 says that there are differences. The process tells its own peak, as it ends. */
function measure(args) {
  const peak = "process.on('exit', () => process.stderr.write('\\npeak ' + process.resourceUsage().maxRSS + '\\n'))";
  const preload = `data:text/javascript,${encodeURIComponent(peak)}`;
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ["--import", preload, cli, ...args], { encoding: "utf8" });
  const milliseconds = performance.now() - start;
  if (status !== 0 && status !== 1) throw new Error(`portolan ${args.join(" ")}: exit ${status}\n${stderr}`);
  return { milliseconds, peakMB: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024 };
}
