import { createHash } from "node:crypto";
import { createRandom } from "../conformance/random.mjs";
import { mutatePlan } from "./mutate-plan.mjs";

/**
 * Applies mutated plan files, as far as the preview. What must hold: no exception but a Failure; accepted is a plan only
 * if it shows the steps of a plan that Portolan wrote, and these are the steps that would run.
 */
export async function fuzzPlanFiles(product, { count, seed }) {
  const cases = await Promise.all(hosts(product).map(async (host) => ({ host, plan: await savePlan(product, host) })));
  const codes = new Map();
  const problems = [];
  for (let number = 0; number < count; number += 1) {
    const random = createRandom(seed * 1_000_003 + number);
    const one = random.pick(cases);
    const mutated = mutatePlan(one.plan, random.pick(cases).plan, random);
    const { code, problem } = await check(product, one.host, mutated, cases);
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (problem !== undefined) problems.push({ seed, number, name: mutated.name, problem, text: mutated.text });
  }
  return { codes, problems };
}

async function check(product, host, { text }, cases) {
  let result;
  try {
    result = await applyPlan(product, host, text);
  } catch (error) {
    return { code: 70, problem: `an exception: ${error instanceof Error ? error.stack : String(error)}` };
  }
  const { code, shown } = result;
  if (code !== 0) return { code, problem: [3, 4, 7].includes(code) ? undefined : `exit ${code}` };
  const steps = JSON.stringify(shown);
  if (JSON.stringify(JSON.parse(text).steps) !== steps) return { code, problem: "it runs other steps than it shows" };
  const isKnown = cases.some(({ plan }) => JSON.stringify(JSON.parse(plan).steps) === steps);
  return { code, problem: isKnown ? undefined : "it runs steps of no plan that Portolan wrote" };
}

async function savePlan({ planHost, planDocument, printPlan }, host) {
  const effects = effectsOn(host, "");
  const { planned, compiled } = await planHost({ filename: ["state"], node: "node1", actual: "local" }, effects);
  return printPlan(planDocument(planned, compiled, effects), effects);
}

async function applyPlan({ applyState, Failure, failureExitCodes }, host, text) {
  let shown = [];
  const control = {
    onPlanned: ({ plan }) => {
      shown = plan.steps;
    },
    onBackup: () => {},
    catchInterrupts: () => {
      throw new Error("a dry run changes nothing");
    },
    confirm: async () => false,
  };
  try {
    await applyState({ plan: "node1.plan", backupDir: ".", dryRun: "host" }, control, effectsOn(host, text));
    return { code: 0, shown };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { code: failureExitCodes[error.kind], shown };
  }
}

function effectsOn({ objects, texts }, plan) {
  const source = { name: "state", text: "" };
  const documents = objects.map((value) => ({ value, source, form: { kind: "none" } }));
  const run = async (argv) => {
    const stdout = texts[argv.join(" ")];
    return { stdout: stdout ?? "", stderr: "", failure: stdout === undefined ? "not installed" : undefined };
  };
  const machine = {
    host: { run, exists: () => false },
    unreadableReason: () => undefined,
    preflight: async () => [],
    kubeProxyHere: () => undefined,
  };
  return {
    sources: {
      readInputs: async () => ({
        documents,
        valueCount: documents.length,
        proxyConfigDocument: undefined,
        overlaysFrom: undefined,
      }),
      readText: () => ({ kind: "text", text: plan }),
    },
    version: "0.0.0-fuzz",
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    machine: async () => machine,
    onProgress: () => {},
    onNotice: () => {},
  };
}

const noRules =
  "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n";
const flow =
  "udp      17 29 src=10.244.1.9 dst=10.96.0.10 sport=4711 dport=53 src=10.244.1.99 dst=10.244.1.9 sport=5353 dport=4711 mark=0 use=1\n";

/** Hosts without rules and with those of an earlier state, in each mode. */
function hosts({ compile, sysctlCommand }) {
  const links = [
    { ifname: "lo", link_type: "loopback", addr_info: [{ local: "127.0.0.1" }] },
    { ifname: "eth0", link_type: "ether", addr_info: [{ local: "192.0.2.10", scope: "global" }] },
  ];
  const empty = {
    "uname -n": "node1\n",
    "ip -j addr": `${JSON.stringify(links)}\n`,
    "iptables --version": "iptables v1.8.9 (legacy)\n",
    "iptables-save": noRules,
    "ipset save": "",
    [sysctlCommand]: "net.ipv4.conf.all.route_localnet = 0\nnet.ipv4.ip_forward = 1\n",
    "conntrack -L -p udp -f ipv4": flow,
  };
  const rules = (objects) => {
    const { script } = compile(objects, { node: "node1" });
    const texts = script.steps
      .filter(({ argv }) => argv[0] === "iptables-restore")
      .map(({ stdin }) => new TextDecoder().decode(stdin));
    return texts.join("");
  };
  const [earlier, later] = [stateOf("iptables", ["10.244.1.5"]), stateOf("iptables", ["10.244.1.6", "10.244.1.7"])];
  return [
    { objects: later, texts: empty },
    { objects: later, texts: { ...empty, "iptables-save": rules(earlier) } },
    { objects: stateOf("ipvs", ["10.244.1.6"]), texts: empty },
  ];
}

function stateOf(mode, addresses) {
  const config = { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration", mode };
  const node = { metadata: { name: "node1" }, status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] } };
  return [
    { ...config, clusterCIDR: "10.244.0.0/16" },
    { apiVersion: "v1", kind: "Node", ...node },
    ...service("web", "10.96.0.1", { name: "http", protocol: "TCP", port: 80, nodePort: 30_080 }, addresses),
    ...service("dns", "10.96.0.10", { name: "dns", protocol: "UDP", port: 53, nodePort: 30_053 }, addresses),
  ];
}

function service(name, clusterIP, port, addresses) {
  const metadata = { namespace: "shop", name };
  const labels = { "kubernetes.io/service-name": name };
  return [
    { apiVersion: "v1", kind: "Service", metadata, spec: { type: "NodePort", clusterIP, ports: [port] } },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace: "shop", name: `${name}-x`, labels },
      addressType: "IPv4",
      ports: [{ name: port.name, protocol: port.protocol, port: 8080 }],
      endpoints: addresses.map((address) => ({ addresses: [address], nodeName: "node1" })),
    },
  ];
}
