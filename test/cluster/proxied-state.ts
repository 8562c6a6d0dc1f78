import { type Call, makeNode, makePod, makeService } from "./objects.ts";

export const dualStack = { ipFamilyPolicy: "RequireDualStack" };
const http = { name: "http", port: 80, targetPort: "http" };
const dns = { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" };
const web = { app: "web" };

/** The configuration of every node's kube-proxy, as a ConfigMap would hold it. */
export const proxyConfiguration = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  mode: "iptables",
  clusterCIDR: "10.244.0.0/16,fd00:10:244::/56",
  // Only the first network namespace may set the size of the table of connections.
  conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  iptables: { minSyncPeriod: "100ms", syncPeriod: "5s" },
  ipvs: { minSyncPeriod: "100ms" },
};

/** Two nodes in two zones, pods on both, ready and not, and a Service of every kind. */
export async function makeProxiedState(call: Call): Promise<void> {
  await Promise.all(
    [1, 2].map((index) =>
      makeNode(call, {
        name: `node${index}`,
        zone: `zone-${index}`,
        addresses: [`192.0.2.${index}`, `2001:db8:2::${index}`],
        podCIDRs: [`10.244.${index}.0/24`, `fd00:10:244:${index}::/64`],
      }),
    ),
  );
  await Promise.all(pods.map(({ app, node, host, isReady }) => placePod(call, app, { node, host, isReady })));
  await Promise.all(Object.entries(services).map(([name, spec]) => makeService(call, name, spec)));
  await makeService(call, "named-apart", { selector: web, ports: [http] }, proxyLabel);
  const ingress = [{ ip: "198.51.100.20" }, { ip: "2001:db8:51::20" }, { ip: "198.51.100.21", ipMode: "Proxy" }];
  for (const name of ["lb", "lb-local"])
    await setIngress(call, name, name === "lb" ? ingress : [{ ip: "198.51.100.30" }]);
  await Promise.all(["hand", "hand6"].map((name) => makeHandMadeSlice(call, name)));
}

const proxyLabel = { labels: { "service.kubernetes.io/service-proxy-name": "another" } };

const pods = [
  { app: "web", node: 1, host: 11, isReady: true },
  { app: "web", node: 1, host: 12, isReady: true },
  { app: "web", node: 2, host: 13, isReady: true },
  { app: "web", node: 2, host: 14, isReady: true },
  { app: "web", node: 2, host: 15, isReady: false },
  { app: "far", node: 2, host: 21, isReady: true },
  { app: "drain", node: 1, host: 31, isReady: true },
  { app: "drain", node: 2, host: 32, isReady: true },
  { app: "sick", node: 1, host: 41, isReady: false },
];

interface Placed {
  readonly node: number;
  readonly host: number;
  readonly isReady?: boolean;
}

export const podIps = (node: number, host: number) => [`10.244.${node}.${host}`, `fd00:10:244:${node}::${host}`];

/** A pod `APP-HOST` on node NODE with the addresses of HOST. */
export const placePod = (call: Call, app: string, { node, host, isReady = true }: Placed): Promise<unknown> =>
  makePod(call, {
    name: `${app}-${host}`,
    node: `node${node}`,
    labels: { app },
    ips: podIps(node, host),
    isReady,
  });

export const setIngress = (call: Call, name: string, ingress: readonly object[]) =>
  call("PATCH", `/api/v1/namespaces/default/services/${name}/status`, { status: { loadBalancer: { ingress } } });

const services: Readonly<Record<string, object>> = {
  web: { selector: web, ...dualStack, ports: [http, dns] },
  "node-port": { type: "NodePort", selector: web, ...dualStack, ports: [{ ...http, nodePort: 30080 }] },
  "node-port-local": {
    type: "NodePort",
    selector: { app: "far" },
    externalTrafficPolicy: "Local",
    ports: [{ ...http, nodePort: 30081 }],
  },
  "node-port-local-udp": {
    type: "NodePort",
    selector: web,
    ...dualStack,
    externalTrafficPolicy: "Local",
    internalTrafficPolicy: "Local",
    ports: [{ ...dns, nodePort: 30053 }],
  },
  lb: {
    type: "LoadBalancer",
    selector: web,
    ...dualStack,
    loadBalancerSourceRanges: ["198.51.100.0/24", "192.0.2.0/24", "2001:db8:2::/64"],
    ports: [http],
  },
  "lb-local": {
    type: "LoadBalancer",
    selector: web,
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 31000,
    allocateLoadBalancerNodePorts: false,
    ports: [http],
  },
  "lb-pending": { type: "LoadBalancer", selector: web, ports: [{ ...http, nodePort: 30082 }] },
  external: { selector: web, externalIPs: ["203.0.113.7", "2001:db8:f::7"], ...dualStack, ports: [http] },
  "external-local": {
    selector: { app: "far" },
    externalIPs: ["203.0.113.8"],
    externalTrafficPolicy: "Local",
    ports: [http],
  },
  "inside-local": { selector: { app: "far" }, internalTrafficPolicy: "Local", ports: [http] },
  sticky: {
    type: "NodePort",
    selector: web,
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
    ports: [{ ...http, nodePort: 30083 }],
  },
  headless: { clusterIP: "None", selector: web, ports: [http] },
  empty: { type: "NodePort", selector: { app: "nobody" }, ...dualStack, ports: [{ ...http, nodePort: 30084 }] },
  sick: { selector: { app: "sick" }, ...dualStack, ports: [http] },
  unready: { selector: { app: "sick" }, publishNotReadyAddresses: true, ports: [http] },
  drain: {
    type: "NodePort",
    selector: { app: "drain" },
    externalTrafficPolicy: "Local",
    ports: [{ ...http, nodePort: 30085 }],
  },
  near: { selector: web, trafficDistribution: "PreferSameZone", ...dualStack, ports: [http] },
  "same-node": { selector: web, trafficDistribution: "PreferSameNode", ports: [http] },
  sctp: {
    selector: web,
    ports: [
      { port: 5060, protocol: "SCTP" },
      { name: "t", port: 5061 },
    ].map((port, at) => ({ name: `p${at}`, ...port })),
  },
  six: { selector: web, ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack", ports: [http] },
  "one-number": {
    selector: web,
    ports: [
      { name: "a", port: 53, targetPort: 5353 },
      { ...dns, name: "b" },
    ],
  },
  elsewhere: { type: "ExternalName", externalName: "example.org" },
  hand: { ports: [{ port: 9000 }] },
  hand6: { ports: [{ port: 9000 }], ipFamilies: ["IPv6"], ipFamilyPolicy: "SingleStack" },
};

/** Endpoints that no controller makes: many, on this node, on the other and on none. */
function makeHandMadeSlice(call: Call, service: string): Promise<unknown> {
  const prefix = service === "hand" ? "10.9.0." : "fd00:9::";
  const endpoints = Array.from({ length: 60 }, (_, index) => ({
    addresses: [`${prefix}${index + 1}`],
    ...(index % 3 === 0 ? {} : { nodeName: `node${index % 3}` }),
    conditions: { ready: index % 7 !== 0, serving: index % 5 !== 0, terminating: index % 7 === 0 },
  }));
  return call("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
    metadata: { name: `${service}-made`, labels: { "kubernetes.io/service-name": service } },
    addressType: service === "hand" ? "IPv4" : "IPv6",
    ports: [{ name: "", port: 9000 }],
    endpoints,
  });
}
