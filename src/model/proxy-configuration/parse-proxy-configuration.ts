import { type Cidr, parseCidr, parseIp } from "../address.ts";
import {
  booleanField,
  type Fields,
  integerField,
  placeOf,
  recordField,
  textField,
  textsField,
} from "../fields/fields.ts";
import { checkHostPort, checkOtherSettings, parseIpvs, refuse } from "./check-proxy-settings.ts";
import { checkFeatureGates } from "./feature-gates.ts";
import { parseDetectLocal } from "./parse-detect-local.ts";
import {
  defaultProxyConfiguration,
  kubeProxyModes,
  type NodePortAddresses,
  type ProxyConfiguration,
  type ProxyMode,
  proxyModes,
} from "./proxy-configuration.ts";
import { checkProxyConfigurationFields } from "./proxy-configuration-fields.ts";

/**
 * Reads a KubeProxyConfiguration as kube-proxy 1.36 does: defaults, unknown fields tolerated (warned about),
 * values refused that kube-proxy refuses (pkg/proxy/apis/config/validation).
 */
export function parseProxyConfiguration(fields: Fields): ProxyConfiguration {
  checkProxyConfigurationFields(fields);
  const mode = parseMode(fields);
  const iptables = recordField(fields, "iptables");
  const conntrack = recordField(fields, "conntrack");
  const gates = recordField(fields, "featureGates");
  if (gates !== undefined) checkFeatureGates(gates);
  checkOtherSettings(fields, mode);
  for (const field of ["healthzBindAddress", "metricsBindAddress"]) checkHostPort(fields, field);
  return {
    mode,
    hostnameOverride: parseHostnameOverride(fields),
    bindAddress: parseBindAddress(fields),
    detectLocal: parseDetectLocal(fields),
    nodePortAddresses: parseNodePortAddresses(fields),
    masqueradeAll: (iptables && booleanField(iptables, "masqueradeAll")) ?? false,
    masqueradeBit: iptables === undefined ? defaultProxyConfiguration.masqueradeBit : parseMasqueradeBit(iptables),
    localhostNodePorts: (iptables && booleanField(iptables, "localhostNodePorts")) ?? true,
    tcpBeLiberal: (conntrack && booleanField(conntrack, "tcpBeLiberal")) ?? false,
    allowExternalIps: (gates && booleanField(gates, "AllowServiceExternalIPs")) ?? true,
    ipvs: parseIpvs(fields, mode),
    place: fields.place,
  };
}

function parseHostnameOverride(fields: Fields): string | undefined {
  const text = textField(fields, "hostnameOverride") ?? "";
  const name = text.trim().toLowerCase();
  if (name === "" && text !== "") refuse(fields, "hostnameOverride", "must not be blank", text);
  return name === "" ? undefined : name;
}

function parseMode(fields: Fields): ProxyMode {
  const mode = textField(fields, "mode") ?? "";
  const known = proxyModes.find((each) => each === mode);
  if (known !== undefined) return known;
  if (kubeProxyModes.includes(mode)) fields.report("mode-not-supported", placeOf(fields, "mode"), { mode });
  else if (mode !== "") fields.report("proxy-mode-invalid", placeOf(fields, "mode"), { got: mode });
  return defaultProxyConfiguration.mode;
}

function parseMasqueradeBit(iptables: Fields): number {
  const bit = integerField(iptables, "masqueradeBit") ?? defaultProxyConfiguration.masqueradeBit;
  if (bit < 0 || bit > 31) refuse(iptables, "masqueradeBit", "must be from 0 to 31", bit);
  return bit;
}

function parseBindAddress(fields: Fields): ProxyConfiguration["bindAddress"] {
  const text = textField(fields, "bindAddress") ?? "";
  if (text === "") return undefined;
  const ip = parseIp(text);
  if (ip === undefined) refuse(fields, "bindAddress", "must be an IP address", text);
  return ip === undefined || ip.text === "0.0.0.0" || ip.text === "::" ? undefined : ip;
}

function parseNodePortAddresses(fields: Fields): NodePortAddresses {
  const texts = textsField(fields, "nodePortAddresses");
  const cidrs: Cidr[] = [];
  for (const { value, place } of texts) {
    if (value === "primary") {
      if (texts.length === 1) return { kind: "primary" };
      const parameters = { field: "nodePortAddresses", rule: "cannot hold both primary and CIDRs", got: value };
      fields.report("proxy-config-value-refused", place, parameters);
      continue;
    }
    const cidr = parseCidr(value);
    if (cidr !== undefined) cidrs.push(cidr);
    else
      fields.report("proxy-config-value-refused", place, {
        field: "nodePortAddresses",
        rule: "must hold CIDRs",
        got: value,
      });
  }
  return { kind: "cidrs", cidrs };
}
