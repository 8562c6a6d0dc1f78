const nodePortAddresses = [
  ["0.0.0.0/0"],
  ["::/0"],
  ["127.0.0.0/8"],
  ["127.0.0.1/32"],
  ["127.0.0.0/8", "192.0.2.0/24"],
  ["126.0.0.0/7"],
  ["192.0.2.11/24", "192.0.2.0/28"],
  ["::1/128"],
  ["fe80::/10", "2001:db8::/32"],
  ["198.18.0.0/15"],
  ["10.0.0.0/8", "0.0.0.0/0"],
  ["primary"],
  [],
];

const detection = [
  { detectLocalMode: "ClusterCIDR" },
  { detectLocalMode: "ClusterCIDR", clusterCIDR: "fd00:10:244::/48" },
  { detectLocalMode: "ClusterCIDR", clusterCIDR: "10.244.7.9/16" },
  { clusterCIDR: "10.244.0.0/16,fd00:10:244::/48" },
  { clusterCIDR: "fd00:10:244::/48,10.244.0.0/16" },
  { detectLocalMode: "NodeCIDR", clusterCIDR: "10.0.0.0/8" },
  { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "cni0" } },
  { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "a-bridge-of-15c" } },
  {
    detectLocalMode: "InterfaceNamePrefix",
    detectLocal: { interfaceNamePrefix: "lxc_" },
    clusterCIDR: "10.244.0.0/16",
  },
];

/** Many of these kube-proxy refuses, so we must; the others look as if it would. */
const doubtful = [
  { clusterCIDR: "10.244.0.0/16,10.245.0.0/16" },
  { clusterCIDR: "10.244.0.0" },
  { clusterCIDR: "10.244.0.0/16,fd00::/48,fd01::/48" },
  { nodePortAddresses: ["primary", "10.0.0.0/8"] },
  { nodePortAddresses: ["10.0.0.1"] },
  { nodePortAddresses: [""] },
  { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "" } },
  { detectLocalMode: "InterfaceNamePrefix" },
  { detectLocalMode: "InterfaceNamePrefix", detectLocal: { interfaceNamePrefix: "longer-than-an-interface" } },
  { detectLocalMode: "Guess" },
  { iptables: { masqueradeBit: 32 } },
  { iptables: { masqueradeBit: -1 } },
  { iptables: { syncPeriod: "1s", minSyncPeriod: "10s" } },
  { iptables: { syncPeriod: "-1s" } },
  { iptables: { syncPeriod: "0s" } },
  { bindAddress: "no address" },
  { bindAddress: "::" },
  { healthzBindAddress: "0.0.0.0" },
  { healthzBindAddress: "" },
  { metricsBindAddress: "0.0.0.0:99999" },
  { metricsBindAddress: "[::]:10249" },
  { configSyncPeriod: "0s" },
  { oomScoreAdj: -1001 },
  { conntrack: { maxPerCore: -1 } },
  { conntrack: { tcpEstablishedTimeout: "-1s" } },
  { mode: "userspace" },
  { mode: "" },
  { mode: "IPTables" },
  { featureGates: { NoSuchGate: true } },
  { featureGates: { AllowServiceExternalIPs: false } },
  { hostnameOverride: "   " },
  { showHiddenMetricsForVersion: "1" },
  { windowsRunAsService: true, anUnknownField: 1 },
];

export const configurationMutations = {
  "hostname override": ({ configuration }, random) => {
    configuration.hostnameOverride = random.pick(["NODE1", "node2", " node1 ", "Node2", "no-such-node"]);
  },
  "local detection": ({ configuration }, random) => {
    for (const field of ["detectLocalMode", "detectLocal", "clusterCIDR"]) delete configuration[field];
    Object.assign(configuration, structuredClone(random.pick(detection)));
  },
  "node port addresses": ({ configuration }, random) => {
    configuration.nodePortAddresses = random.pick(nodePortAddresses);
    configuration.iptables = { ...configuration.iptables, localhostNodePorts: random.chance(0.7) };
  },
  masquerading: ({ configuration }, random) => {
    const masquerade = { masqueradeBit: random.pick([0, 1, 14, 30, 31]), masqueradeAll: random.chance(0.5) };
    configuration.iptables = { ...configuration.iptables, ...masquerade };
  },
  "bind address": ({ configuration }, random) => {
    configuration.bindAddress = random.pick(["0.0.0.0", "::", "192.0.2.99", "2001:db8::99", "127.0.0.1"]);
  },
  conntrack: ({ configuration }, random) => {
    const conntrack = {
      tcpBeLiberal: random.chance(0.6),
      min: 0,
      maxPerCore: random.pick([0, 1000]),
      udpTimeout: "10s",
    };
    configuration.conntrack = conntrack;
  },
  "a doubtful configuration": ({ configuration }, random) => {
    Object.assign(configuration, structuredClone(random.pick(doubtful)));
  },
};
