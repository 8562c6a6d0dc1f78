import { at } from "../../diagnostics/place.ts";
import {
  booleanField,
  checkKnownFields,
  type Fields,
  integerField,
  isRecord,
  listField,
  numberField,
  recordField,
  textField,
  textsField,
} from "../fields/fields.ts";
import { durationField, refuse } from "./check-proxy-settings.ts";

/** Reads a field only to have it reported when it is of the wrong type: kube-proxy then could not decode the file. */
type Check = (fields: Fields, key: string) => unknown;
type Section = ReadonlyMap<string, Check>;

/** Not null, unless the field is a pointer in Go (metav1.Duration). */
const setDuration: Check = (fields, key) => {
  if (fields.value[key] === null) refuse(fields, key, "must be a duration such as 30s or 1h0m0s", null);
  else durationField(fields, key);
};

const section = (...parts: readonly (readonly [check: Check, names: string])[]): Section =>
  new Map(parts.flatMap(([check, names]) => names.split(" ").map((name) => [name, check] as const)));

/** The fields of KubeProxyConfiguration v1alpha1 (k8s.io/kube-proxy v0.36.3), by section. */
const topLevel = section(
  [textField, "apiVersion kind hostnameOverride bindAddress healthzBindAddress metricsBindAddress"],
  [textField, "showHiddenMetricsForVersion mode detectLocalMode clusterCIDR portRange"],
  [booleanField, "bindAddressHardFail enableProfiling windowsRunAsService"],
  [recordField, "featureGates clientConnection logging iptables ipvs nftables winkernel detectLocal conntrack"],
  [textsField, "nodePortAddresses"],
  [integerField, "oomScoreAdj"],
  [setDuration, "configSyncPeriod"],
);

const sections: Readonly<Record<string, Section>> = {
  clientConnection: section(
    [textField, "kubeconfig acceptContentTypes contentType"],
    [numberField, "qps"],
    [integerField, "burst"],
  ),
  // flushFrequency is a duration or a number of nanoseconds.
  logging: section(
    [textField, "format"],
    [() => undefined, "flushFrequency"],
    [numberField, "verbosity"],
    [listField, "vmodule"],
    [recordField, "options"],
  ),
  iptables: section(
    [integerField, "masqueradeBit"],
    [booleanField, "masqueradeAll localhostNodePorts"],
    [setDuration, "syncPeriod minSyncPeriod"],
  ),
  ipvs: section(
    [setDuration, "syncPeriod minSyncPeriod tcpTimeout tcpFinTimeout udpTimeout"],
    [textField, "scheduler"],
    [textsField, "excludeCIDRs"],
    [booleanField, "strictARP"],
  ),
  nftables: section(
    [integerField, "masqueradeBit"],
    [booleanField, "masqueradeAll"],
    [setDuration, "syncPeriod minSyncPeriod"],
  ),
  winkernel: section(
    [textField, "networkName sourceVip rootHnsEndpointName"],
    [booleanField, "enableDSR forwardHealthCheckVip"],
  ),
  detectLocal: section([textField, "bridgeInterface interfaceNamePrefix"]),
  conntrack: section(
    [integerField, "maxPerCore min"],
    [durationField, "tcpEstablishedTimeout tcpCloseWaitTimeout"],
    [setDuration, "udpTimeout udpStreamTimeout"],
    [booleanField, "tcpBeLiberal"],
  ),
};

/**
 * Checks the types of all fields, and warns about unknown ones: kube-proxy reads leniently, so a misspelt field is
 * silently without effect.
 */
export function checkProxyConfigurationFields(fields: Fields): void {
  checkSection(fields, topLevel);
  for (const [name, known] of Object.entries(sections)) {
    const value = fields.value[name];
    if (isRecord(value)) checkSection({ value, place: at(fields.place, name), report: fields.report }, known);
  }
}

function checkSection(fields: Fields, known: Section): void {
  checkKnownFields(fields, new Set(known.keys()));
  for (const [key, check] of known) check(fields, key);
}
