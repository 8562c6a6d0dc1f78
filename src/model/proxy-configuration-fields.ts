import { at } from "../diagnostics/place.ts";
import { checkKnownFields, type Fields, isRecord } from "./fields.ts";

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

/** The fields of KubeProxyConfiguration v1alpha1 (k8s.io/kube-proxy v0.36.3), by section. */
const topLevel = words(
  "apiVersion kind featureGates clientConnection logging hostnameOverride bindAddress healthzBindAddress " +
    "metricsBindAddress bindAddressHardFail enableProfiling showHiddenMetricsForVersion mode iptables ipvs nftables " +
    "winkernel detectLocalMode detectLocal clusterCIDR nodePortAddresses oomScoreAdj conntrack configSyncPeriod " +
    "portRange windowsRunAsService",
);

const sections: Readonly<Record<string, ReadonlySet<string>>> = {
  clientConnection: words("kubeconfig acceptContentTypes contentType qps burst"),
  logging: words("format flushFrequency verbosity vmodule options"),
  iptables: words("masqueradeBit masqueradeAll localhostNodePorts syncPeriod minSyncPeriod"),
  ipvs: words("syncPeriod minSyncPeriod scheduler excludeCIDRs strictARP tcpTimeout tcpFinTimeout udpTimeout"),
  nftables: words("masqueradeBit masqueradeAll syncPeriod minSyncPeriod"),
  winkernel: words("networkName sourceVip enableDSR rootHnsEndpointName forwardHealthCheckVip"),
  detectLocal: words("bridgeInterface interfaceNamePrefix"),
  conntrack: words("maxPerCore min tcpEstablishedTimeout tcpCloseWaitTimeout tcpBeLiberal udpTimeout udpStreamTimeout"),
};

/** Warns about unknown fields: kube-proxy reads leniently, so a misspelt one is silently without effect. */
export function checkProxyConfigurationFields(fields: Fields): void {
  checkKnownFields(fields, topLevel);
  for (const [name, known] of Object.entries(sections)) {
    const value = fields.value[name];
    if (isRecord(value)) checkKnownFields({ value, place: at(fields.place, name), report: fields.report }, known);
  }
}
