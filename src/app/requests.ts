import type { CompileOptions } from "../compile/compile.ts";
import type { LabelSelector } from "../filter/label-selector.ts";
import type { ServiceChoice } from "../filter/service-filter.ts";
import type { Cidr, Family } from "../model/address.ts";
import type { PortRange } from "../model/check-clashes.ts";
import type { KubeProxyVersion } from "../model/proxy-configuration/kube-proxy-version.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import type { Scale, SimulateOptions } from "../simulate/options.ts";

/** How to connect to a running cluster, and as which user: the options of kubectl. */
export interface LiveRequest {
  readonly live?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly as?: string;
  /** In milliseconds; 0: no limit. */
  readonly requestTimeout?: number;
}

/** How a cluster is simulated, if it is. */
export interface SimulateRequest {
  /** False: the input is taken as it is. Undefined: bare manifests are simulated. */
  readonly simulate?: boolean;
  readonly nodes?: number;
  readonly podCidr?: readonly Cidr[];
  readonly serviceCidr?: readonly Cidr[];
  readonly fail?: readonly string[];
  readonly scale?: readonly Scale[];
}

/** Where cluster state comes from, and for which node it is compiled. */
export interface StateRequest extends LiveRequest, SimulateRequest {
  /** Undefined with `live`, and where no state is needed. */
  readonly filename?: readonly string[];
  readonly recursive?: boolean;
  readonly proxyConfig?: string;
  readonly overlay?: readonly string[];
  /** Compile the rules of the CNI portmap plugin too. */
  readonly hostPorts?: boolean;
  /** A file of the node's /etc/cni/net.d. */
  readonly cniConfig?: string;
  readonly node?: string;
  readonly mode?: ProxyMode;
  readonly kubeProxyVersion?: KubeProxyVersion;
  readonly family?: Family | "dual";
  readonly serviceNodePortRange?: PortRange;
}

/** The options that narrow a result to some Services. */
export interface NarrowRequest {
  readonly namespace?: readonly string[];
  readonly selector?: LabelSelector;
  readonly service?: readonly ServiceChoice[];
}

/** Whether a request names any cluster state. */
export function hasState({ filename, live }: Pick<StateRequest, "filename" | "live">): boolean {
  return filename !== undefined || live === true;
}

/** How a request has its state read: which kube-proxy reads it, and for which API server it is checked. */
export function readingOptions({
  mode,
  kubeProxyVersion,
  serviceNodePortRange: nodePortRange,
  hostPorts,
}: StateRequest): Pick<CompileOptions, "mode" | "kubeProxyVersion" | "nodePortRange" | "hostPorts"> {
  return { mode, kubeProxyVersion, nodePortRange, hostPorts };
}

/** The families that a request names; undefined: determined by the state. */
export function requestedFamilies(family: StateRequest["family"]): readonly Family[] | undefined {
  return family === undefined ? undefined : family === "dual" ? ["ipv4", "ipv6"] : [family];
}

/** How the inputs of a request are simulated, if they are. */
export function simulateOptions(
  request: SimulateRequest & Pick<StateRequest, "serviceNodePortRange">,
): SimulateOptions {
  const {
    nodes,
    podCidr: podCidrs,
    serviceCidr: serviceCidrs,
    serviceNodePortRange: nodePortRange,
    fail,
    scale,
  } = request;
  return { nodes, podCidrs, serviceCidrs, nodePortRange, fail, scale };
}

export interface BindAddress {
  /** Undefined: all of the host's. */
  readonly host: string | undefined;
  readonly port: number;
}

/** Reads `127.0.0.1:10249`, `[::1]:10249` or `:10249`; undefined for anything else. */
export function parseBindAddress(text: string): BindAddress | undefined {
  const [, six, four = "", port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (port === undefined || number > 65_535) return undefined;
  const host = six ?? four;
  return { host: host === "" ? undefined : host, port: number };
}
