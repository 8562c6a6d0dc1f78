import { at, type Place } from "../../diagnostics/place.ts";
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
import { oneOf } from "../fields/parse-addresses.ts";
import { checkHostPort, checkOtherSettings, parseIpvs, refuse } from "./check-proxy-settings.ts";
import { checkFeatureGates } from "./feature-gates.ts";
import { type KubeProxyVersion, versionTraits } from "./kube-proxy-version.ts";
import {
  type ConfigurationReader,
  type DetectLocal,
  defaultProxyConfiguration,
  type NodePortRange,
  type ProxyConfiguration,
  type ProxyMode,
  proxyModes,
} from "./proxy-configuration.ts";
import { checkProxyConfigurationFields } from "./proxy-configuration-fields.ts";

/**
 * Reads a KubeProxyConfiguration as kube-proxy does: defaults, unknown fields tolerated (warned about), values refused
 * that kube-proxy refuses (pkg/proxy/apis/config/validation).
 */
export function parseProxyConfiguration(
  given: Fields,
  { mode: override, version }: ConfigurationReader,
): ProxyConfiguration {
  const fields = withMode(given, override);
  checkProxyConfigurationFields(fields);
  const mode = parseMode(fields);
  const iptables = recordField(fields, "iptables");
  const conntrack = recordField(fields, "conntrack");
  const gates = recordField(fields, "featureGates");
  if (gates !== undefined) checkFeatureGates(gates);
  checkOtherSettings(fields, mode, version);
  for (const field of ["healthzBindAddress", "metricsBindAddress"]) checkHostPort(fields, field);
  return {
    mode,
    version,
    hostnameOverride: parseHostnameOverride(fields),
    bindAddress: parseBindAddress(fields),
    detectLocal: parseDetectLocal(fields),
    nodePortAddresses: parseNodePortAddresses(fields, version),
    ...parseMasquerade(fields, mode),
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
  if (mode !== "") fields.report("proxy-mode-invalid", placeOf(fields, "mode"), { got: mode });
  return defaultProxyConfiguration.mode;
}

/** The section that a mode takes its masquerading from. */
const masqueradeSection: Readonly<Record<ProxyMode, string>> = {
  iptables: "iptables",
  ipvs: "iptables",
  nftables: "nftables",
};

type Masquerade = Pick<ProxyConfiguration, "masqueradeAll" | "masqueradeBit">;

/** kube-proxy checks the iptables section in every mode. */
function parseMasquerade(fields: Fields, mode: ProxyMode): Masquerade {
  const { masqueradeAll, masqueradeBit } = defaultProxyConfiguration;
  const sections = new Map<string, Masquerade>();
  for (const name of new Set(["iptables", masqueradeSection[mode]])) {
    const section = recordField(fields, name);
    if (section === undefined) continue;
    const bit = integerField(section, "masqueradeBit") ?? masqueradeBit;
    if (bit < 0 || bit > 31) refuse(section, "masqueradeBit", "must be from 0 to 31", bit);
    const all = booleanField(section, "masqueradeAll") ?? masqueradeAll;
    sections.set(name, { masqueradeAll: all, masqueradeBit: bit });
  }
  return sections.get(masqueradeSection[mode]) ?? { masqueradeAll, masqueradeBit };
}

function parseBindAddress(fields: Fields): ProxyConfiguration["bindAddress"] {
  const text = textField(fields, "bindAddress") ?? "";
  if (text === "") return undefined;
  const ip = parseIp(text);
  if (ip === undefined) refuse(fields, "bindAddress", "must be an IP address", text);
  return ip === undefined || ip.text === "0.0.0.0" || ip.text === "::" ? undefined : ip;
}

/** Keywords of nodePortAddresses with the networks that they stand for. */
const nodePortKeywords: Readonly<Record<string, readonly string[]>> = {
  localhost: ["127.0.0.0/8", "::1/128"],
  all: ["0.0.0.0/0", "::/0"],
};

function parseNodePortAddresses(fields: Fields, version: KubeProxyVersion): readonly NodePortRange[] {
  const texts = textsField(fields, "nodePortAddresses");
  const { hasNodePortKeywords } = versionTraits(version);
  const refuseAt = (place: Place, rule: string, got: string): void =>
    fields.report("proxy-config-value-refused", place, { field: "nodePortAddresses", rule, got });
  return texts.flatMap(({ value, place }): readonly NodePortRange[] => {
    if (value === "primary") {
      if (hasNodePortKeywords || texts.length === 1) return [value];
      refuseAt(place, "cannot hold both primary and CIDRs", value);
      return [];
    }
    const keyword = hasNodePortKeywords && Object.hasOwn(nodePortKeywords, value) ? nodePortKeywords[value] : undefined;
    const cidrs = (keyword ?? [value]).map(parseCidr).filter((cidr) => cidr !== undefined);
    if (cidrs.length === 0) refuseAt(place, "must hold CIDRs", value);
    return cidrs;
  });
}

/** Flags override the file: its mode is then not even checked. */
function withMode(fields: Fields, mode: ProxyMode | undefined): Fields {
  return mode === undefined ? fields : { ...fields, value: { ...fields.value, mode } };
}

const modes = ["ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix"] as const;
type Mode = (typeof modes)[number];

/** detectLocalMode with the only field it uses; the others are warned about when they are set. */
function parseDetectLocal(fields: Fields): DetectLocal {
  const mode =
    oneOf(fields, "detectLocalMode", textField(fields, "detectLocalMode") || undefined, modes) ?? "ClusterCIDR";
  const detect = recordField(fields, "detectLocal") ?? {
    value: {},
    place: at(fields.place, "detectLocal"),
    report: fields.report,
  };
  const clusterCidr = textField(fields, "clusterCIDR") ?? "";
  const bridge = textField(detect, "bridgeInterface") ?? "";
  const prefix = textField(detect, "interfaceNamePrefix") ?? "";
  if (clusterCidr !== "" && mode !== "ClusterCIDR") warnIgnored(fields, "clusterCIDR", mode);
  if (bridge !== "" && mode !== "BridgeInterface") warnIgnored(detect, "bridgeInterface", mode);
  if (prefix !== "" && mode !== "InterfaceNamePrefix") warnIgnored(detect, "interfaceNamePrefix", mode);
  switch (mode) {
    case "ClusterCIDR":
      return { kind: "cluster-cidr", cidrs: parseClusterCidrs(fields, clusterCidr) };
    case "NodeCIDR":
      return { kind: "node-cidr" };
    case "BridgeInterface":
      return { kind: "bridge-interface", name: checkInterface(detect, "bridgeInterface", bridge, 15) };
    case "InterfaceNamePrefix":
      // iptables appends the wildcard "+", which counts.
      return { kind: "interface-prefix", prefix: checkInterface(detect, "interfaceNamePrefix", prefix, 14) };
  }
}

function warnIgnored(fields: Fields, field: string, mode: Mode): void {
  fields.report("detect-local-ignored", placeOf(fields, field), { field, mode }, { caret: "key" });
}

function parseClusterCidrs(fields: Fields, text: string): readonly Cidr[] {
  if (text === "") return [];
  const texts = text.split(",");
  const cidrs = texts.map((one) => parseCidr(one)).filter((cidr) => cidr !== undefined);
  if (cidrs.length !== texts.length) refuse(fields, "clusterCIDR", "must hold CIDRs", text);
  else if (cidrs.length > 2 || (cidrs.length === 2 && cidrs[0]?.family === cidrs[1]?.family)) {
    refuse(fields, "clusterCIDR", "must be one CIDR, or one of each family", text);
  }
  return cidrs;
}

function checkInterface(detect: Fields, field: string, name: string, longest: number): string {
  if (name === "") refuse(detect, field, "must not be empty", "an empty one");
  else if (name.length > longest || !/^(?!!)[!#-&(-.0-[\]-~]+$/.test(name)) {
    detect.report("interface-name-invalid", placeOf(detect, field), { got: name });
  }
  return name;
}
