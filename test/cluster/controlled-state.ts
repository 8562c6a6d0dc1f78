import { type Call, makeNode, makePod, makeService, type PodShape } from "./objects.ts";

const http = { name: "http", port: 80, targetPort: "http" };
const app = { app: "app" };
const dualStack = { ipFamilyPolicy: "RequireDualStack" };
const headless = { clusterIP: "None" };
const namedPod = { hostname: "named", subdomain: "peers" };

/** Pods of the app in every state that a pod can be in. */
const pods: readonly PodShape[] = [
  { name: "plain", node: "node1", ips: ["10.244.1.1", "fd00:10:244:1::1"] },
  { name: "named", node: "node2", ips: ["10.244.2.2", "fd00:10:244:2::2"], spec: namedPod },
  { name: "unready", node: "node1", ips: ["10.244.1.3", "fd00:10:244:1::3"], isReady: false },
  { name: "ipv4-only", node: "node1", ips: ["10.244.1.4"] },
  { name: "ipv6-only", node: "node2", ips: ["fd00:10:244:2::5"] },
  { name: "on-host", node: "node2", ips: ["192.0.2.2", "2001:db8:2::2"], spec: { hostNetwork: true } },
  { name: "placed-nowhere" },
  { name: "starting", node: "node1" },
  { name: "zoneless", node: "node3", ips: ["10.244.3.6", "fd00:10:244:3::6"] },
  {
    name: "other-number",
    node: "node2",
    ips: ["10.244.2.7"],
    spec: containers([{ name: "http", containerPort: 9090 }]),
  },
  {
    name: "other-protocol",
    node: "node2",
    ips: ["10.244.2.8"],
    spec: containers([{ name: "http", containerPort: 9090, protocol: "UDP" }]),
  },
  { name: "portless", node: "node1", ips: ["10.244.1.9"], spec: containers([]) },
  { name: "leaving", node: "node1", ips: ["10.244.1.10", "fd00:10:244:1::10"] },
  { name: "leaving-unready", node: "node2", ips: ["10.244.2.11"], isReady: false },
  { name: "succeeded", node: "node1", ips: ["10.244.1.12"] },
  { name: "failed", node: "node2", ips: ["10.244.2.13"] },
  { name: "shared-subdomain", node: "node2", ips: ["10.244.2.14"], spec: { subdomain: "peers" } },
];

function containers(ports: readonly object[]): object {
  return { containers: [{ name: "main", image: "example.com/main", ports }] };
}

/** Services that look at those pods in every way. */
export const services: Readonly<Record<string, object>> = {
  plain: { selector: app, ports: [http] },
  numbered: { selector: app, ...dualStack, ports: [{ port: 8080 }] },
  "two-ports": {
    selector: app,
    ports: [http, { name: "dns", port: 53, targetPort: "dns", protocol: "UDP", appProtocol: "example.com/dns" }],
  },
  "udp-by-name": { selector: app, ports: [{ port: 80, targetPort: "http", protocol: "UDP" }] },
  peers: { selector: app, ...headless, ...dualStack, ports: [http] },
  "peers-without-ports": { selector: app, ...headless },
  "peers-near": { selector: app, ...headless, trafficDistribution: "PreferSameZone", ports: [http] },
  everyone: { selector: app, ...dualStack, publishNotReadyAddresses: true, ports: [http] },
  "everyone-near": {
    selector: app,
    publishNotReadyAddresses: true,
    trafficDistribution: "PreferSameNode",
    ports: [http],
  },
  near: { selector: app, ...dualStack, trafficDistribution: "PreferClose", ports: [http] },
  zone: { selector: app, trafficDistribution: "PreferSameZone", ports: [http] },
  node: { selector: app, trafficDistribution: "PreferSameNode", ports: [http] },
  six: { selector: app, ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack", ports: [http] },
  "six-first": { selector: app, ipFamilies: ["IPv6", "IPv4"], ...dualStack, ports: [http] },
  nobody: { selector: { app: "nobody" }, ...dualStack, ports: [http] },
  nameless: { selector: app, ports: [{ port: 80, targetPort: "nowhere" }] },
  "by-two-labels": { selector: { app: "app", kind: "plain" }, ports: [http] },
  many: { selector: { app: "many" }, ...dualStack, ports: [http] },
  elsewhere: { type: "ExternalName", externalName: "example.org", selector: app },
  balanced: { type: "LoadBalancer", selector: app, externalTrafficPolicy: "Local", ports: [http] },
};

const manyPods = 230;

/** Three nodes, the last without a zone; the pods, and many of one Service. */
export async function makeControlledState(call: Call): Promise<void> {
  for (const index of [1, 2, 3]) {
    const addresses = [`192.0.2.${index}`, `2001:db8:2::${index}`];
    const podCIDRs = [`10.244.${index}.0/24`, `fd00:10:244:${index}::/64`];
    await makeNode(call, { name: `node${index}`, zone: index === 3 ? "" : `zone-${index}`, addresses, podCIDRs });
  }
  await Promise.all(pods.map((pod) => makePod(call, { ...pod, labels: { app: "app", kind: pod.name } })));
  const numbers = Array.from({ length: manyPods }, (_, index) => index + 1);
  for (let at = 0; at < manyPods; at += 23)
    await Promise.all(numbers.slice(at, at + 23).map((each) => makeOneOfMany(call, each)));
  const path = "/api/v1/namespaces/default/pods";
  for (const name of ["leaving", "leaving-unready"])
    await call("DELETE", `${path}/${name}`, { gracePeriodSeconds: 600 });
  for (const [name, phase] of [
    ["succeeded", "Succeeded"],
    ["failed", "Failed"],
  ])
    await call("PATCH", `${path}/${name}/status`, { status: { phase } });
  await Promise.all(Object.entries(services).map(([name, spec]) => makeService(call, name, spec)));
}

function makeOneOfMany(call: Call, number: number): Promise<unknown> {
  const ips = [`10.244.9.${number}`, `fd00:10:244:9::${number}`];
  return makePod(call, { name: `many-${number}`, node: `node${1 + (number % 3)}`, labels: { app: "many" }, ips });
}
