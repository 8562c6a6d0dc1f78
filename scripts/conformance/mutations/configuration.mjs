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

/** Some of these kube-proxy refuses, so we must; the others look as if it would. */
export const doubtfulConfigurations = [
  { clusterCIDR: "10.244.0.0/16,10.245.0.0/16" },
  { clusterCIDR: "10.244.0.0/16, fd00:10:244::/48" },
  { clusterCIDR: "10.244.0.0" },
  { clusterCIDR: "010.244.0.0/16" },
  { clusterCIDR: "10.244.0.0/16," },
  { clusterCIDR: "10.244.0.0/16,fd00::/48,fd01::/48" },
  { clusterCIDR: 10 },
  { clusterCIDR: null },
  { nodePortAddresses: ["primary", "10.0.0.0/8"] },
  { nodePortAddresses: ["Primary"] },
  { nodePortAddresses: "primary" },
  { nodePortAddresses: null },
  { nodePortAddresses: ["10.0.0.1"] },
  { nodePortAddresses: ["10.0.0.0/8", "10.0.0.0/8"] },
  { nodePortAddresses: ["010.0.0.0/8"] },
  { nodePortAddresses: ["::ffff:192.0.2.0/120"] },
  { nodePortAddresses: [""] },
  { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "" } },
  { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "a-bridge-of-16ch" } },
  { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "br+" } },
  { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "a b" } },
  { detectLocalMode: "InterfaceNamePrefix" },
  { detectLocalMode: "InterfaceNamePrefix", detectLocal: { interfaceNamePrefix: "longer-than-an-interface" } },
  { detectLocalMode: "InterfaceNamePrefix", detectLocal: { interfaceNamePrefix: "fifteen-chars-x" } },
  { detectLocalMode: "InterfaceNamePrefix", detectLocal: { interfaceNamePrefix: "cali+" } },
  { detectLocalMode: "Guess" },
  { detectLocalMode: "clusterCIDR" },
  { detectLocalMode: "" },
  { iptables: null },
  { iptables: { masqueradeBit: 32 } },
  { iptables: { masqueradeBit: -1 } },
  { iptables: { masqueradeBit: 14.5 } },
  { iptables: { masqueradeBit: "14" } },
  { iptables: { masqueradeBit: null } },
  { iptables: { syncPeriod: "1s", minSyncPeriod: "10s" } },
  { iptables: { syncPeriod: "-1s" } },
  { iptables: { syncPeriod: "0s" } },
  { iptables: { syncPeriod: "30" } },
  { iptables: { syncPeriod: 30 } },
  { iptables: { syncPeriod: "1h1.5m2s3ms" } },
  { iptables: { minSyncPeriod: "-1s" } },
  { ipvs: { syncPeriod: "1s", minSyncPeriod: "10s" } },
  { ipvs: { excludeCIDRs: ["nonsense"] } },
  { nftables: { masqueradeBit: 99 } },
  { bindAddress: "no address" },
  { bindAddress: "::" },
  { bindAddress: "010.0.0.1" },
  { healthzBindAddress: "0.0.0.0" },
  { healthzBindAddress: "0.0.0.0:0" },
  { healthzBindAddress: ":10256" },
  { healthzBindAddress: "" },
  { metricsBindAddress: "0.0.0.0:99999" },
  { metricsBindAddress: "[::]:10249" },
  { metricsBindAddress: "localhost:10249" },
  { configSyncPeriod: "0s" },
  { configSyncPeriod: "-1s" },
  { oomScoreAdj: -1001 },
  { oomScoreAdj: 1000 },
  { conntrack: { maxPerCore: -1 } },
  { conntrack: { min: -1 } },
  { conntrack: { tcpEstablishedTimeout: "-1s" } },
  { conntrack: { tcpCloseWaitTimeout: "0s" } },
  { conntrack: { udpTimeout: "-1s" } },
  { conntrack: { udpStreamTimeout: "1m" } },
  { clientConnection: { burst: -1 } },
  { clientConnection: { qps: -1 } },
  { portRange: "1000-2000" },
  { portRange: "nonsense" },
  { mode: "userspace" },
  { mode: "" },
  { mode: "IPTables" },
  { mode: "kernelspace" },
  { featureGates: { NoSuchGate: true } },
  { featureGates: { AllowServiceExternalIPs: false } },
  { featureGates: { AllowServiceExternalIPs: "false" } },
  { featureGates: { AllAlpha: true } },
  { featureGates: { AllBeta: false } },
  { hostnameOverride: "   " },
  { hostnameOverride: "not a name!" },
  { hostnameOverride: null },
  { showHiddenMetricsForVersion: "1" },
  { logging: { format: "nonsense" } },
  { windowsRunAsService: true, anUnknownField: 1 },
  { apiVersion: "kubeproxy.config.k8s.io/v1beta1" },
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
    Object.assign(configuration, structuredClone(random.pick(doubtfulConfigurations)));
  },
};
