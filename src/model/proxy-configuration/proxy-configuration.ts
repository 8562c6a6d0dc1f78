import type { Place } from "../../diagnostics/place.ts";
import type { Cidr, IpAddress } from "../address.ts";
import { defaultKubeProxyVersion, type KubeProxyVersion } from "./kube-proxy-version.ts";

/** What a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) says about rules, defaulted as kube-proxy does. */
export interface ProxyConfiguration {
  readonly mode: ProxyMode;
  /** The version of the kube-proxy that reads it. */
  readonly version: KubeProxyVersion;
  /** Lower-cased and trimmed; undefined leaves the node's name to --node. */
  readonly hostnameOverride: string | undefined;
  /** Undefined for the unspecified address, which overrides nothing. */
  readonly bindAddress: IpAddress | undefined;
  readonly detectLocal: DetectLocal;
  readonly nodePortAddresses: readonly NodePortRange[];
  readonly masqueradeAll: boolean;
  /** 0 to 31. */
  readonly masqueradeBit: number;
  readonly localhostNodePorts: boolean;
  readonly tcpBeLiberal: boolean;
  readonly allowExternalIps: boolean;
  readonly ipvs: IpvsSettings;
  readonly place: Place | undefined;
}

/** Settings of the ipvs mode only; they apply to the host. */
export interface IpvsSettings {
  readonly scheduler: string;
  readonly strictArp: boolean;
  /** In seconds, 0 to keep the kernel's; undefined where none is set. */
  readonly timeouts: { readonly tcp: number; readonly tcpFin: number; readonly udp: number } | undefined;
  /** Virtual servers on these addresses belong to other programs. */
  readonly excludeCidrs: readonly Cidr[];
}

/** The modes that have a program here. */
export const proxyModes = ["iptables", "ipvs", "nftables"] as const;

export type ProxyMode = (typeof proxyModes)[number];

/** Which kube-proxy reads a configuration. */
export interface ConfigurationReader {
  /** Overrides the mode of the configuration. */
  readonly mode: ProxyMode | undefined;
  readonly version: KubeProxyVersion;
}

/** How kube-proxy detects traffic from pods of this node (or cluster): `detectLocalMode`. */
export type DetectLocal =
  | { readonly kind: "cluster-cidr"; readonly cidrs: readonly Cidr[] }
  | { readonly kind: "node-cidr" }
  | { readonly kind: "bridge-interface"; readonly name: string }
  | { readonly kind: "interface-prefix"; readonly prefix: string };

/** A value of `nodePortAddresses`: a network, or the node's primary addresses. An empty list leaves it to the mode. */
export type NodePortRange = Cidr | "primary";

export const defaultProxyConfiguration: ProxyConfiguration = {
  mode: "iptables",
  version: defaultKubeProxyVersion,
  hostnameOverride: undefined,
  bindAddress: undefined,
  detectLocal: { kind: "cluster-cidr", cidrs: [] },
  nodePortAddresses: [],
  masqueradeAll: false,
  masqueradeBit: 14,
  localhostNodePorts: true,
  tcpBeLiberal: false,
  allowExternalIps: true,
  ipvs: { scheduler: "rr", strictArp: false, timeouts: undefined, excludeCidrs: [] },
  place: undefined,
};

/** Where there is no configuration. */
export function defaultConfigurationFor({ mode, version }: ConfigurationReader): ProxyConfiguration {
  return { ...defaultProxyConfiguration, mode: mode ?? defaultProxyConfiguration.mode, version };
}
