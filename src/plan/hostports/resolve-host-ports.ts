import type { Report } from "../../diagnostics/diagnostic.ts";
import { at } from "../../diagnostics/place.ts";
import { type Cidr, cidrContains, type IpAddress, parseCidr, parseIp, specialRange } from "../../model/address.ts";
import { compareBytes } from "../../model/fields/name-map.ts";
import {
  defaultHostPortConfiguration,
  type HostPortConfiguration,
} from "../../model/objects/host-port-configuration.ts";
import type { Node } from "../../model/objects/node.ts";
import type { ContainerPort, Pod } from "../../model/objects/pod.ts";
import type { HostPortsPlan, PodAddress, PodPortsPlan, PortMapping } from "./host-ports-plan.ts";

/** What host ports are resolved of. */
export interface HostPortsInput {
  readonly pods: readonly Pod[];
  readonly configuration: HostPortConfiguration | undefined;
  /** The node's name, as pods have it. */
  readonly nodeName: string;
  readonly node: Node | undefined;
}

/**
 * The host ports that the kubelet and the runtime hand to the portmap plugin of a node, with the settings of the
 * plugin. Sources: MakePortMappings of the kubelet, toCNIPortMappings of containerd, portmap v1.10.0 (run, see
 * test/conformance/hostport).
 */
export function resolveHostPorts(input: HostPortsInput, report: Report): HostPortsPlan {
  const configuration = input.configuration ?? defaultHostPortConfiguration;
  const { network, plugin, podInterface } = configuration;
  const sandboxes = input.pods.filter((pod) => hasSandbox(pod, input.nodeName)).sort(byStart);
  const refusal = refusalOf(configuration);
  if (refusal !== undefined) {
    for (const pod of sandboxes) report("host-port-pod-refused", pod.place, { pod: nameOf(pod), reason: refusal });
    return { network, plugin, podInterface, pods: [] };
  }
  const pods = sandboxes.flatMap((pod) => {
    const mappings = plugin.getsPortMappings ? mappingsOf(pod) : [];
    return mappings.length === 0 ? [] : [{ ...planOf(pod, input, configuration, report), mappings }];
  });
  const example = pods.find((pod) => pod.containerId === standInFor(pod))?.containerId;
  if (example !== undefined) report("host-port-stand-ins", undefined, { example });
  return { network, plugin, podInterface, pods };
}

/** A pod with a network of its own, from its sandbox's start to its stop. */
function hasSandbox({ nodeName, hostNetwork, ips, phase }: Pod, node: string): boolean {
  return nodeName === node && !hostNetwork && ips.length > 0 && phase !== "Succeeded" && phase !== "Failed";
}

/** The order in which sandboxes were made is known from startTime alone; a pod without one comes last. */
function byStart(a: Pod, b: Pod): number {
  if (a.startTime !== b.startTime) {
    if (a.startTime === "" || b.startTime === "") return a.startTime === "" ? 1 : -1;
    return compareBytes(a.startTime, b.startTime);
  }
  return compareBytes(a.namespace, b.namespace) || compareBytes(a.name, b.name);
}

function nameOf({ namespace, name }: Pick<Pod, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

/** Calico writes the sandbox's ID down. */
const sandboxAnnotation = "cni.projectcalico.org/containerID";

function standInFor({ namespace, name }: Pick<Pod, "namespace" | "name">): string {
  return `${namespace}_${name}`;
}

function planOf(
  pod: Pod,
  input: HostPortsInput,
  { podPrefix }: HostPortConfiguration,
  report: Report,
): Omit<PodPortsPlan, "mappings"> {
  const { namespace, name, place } = pod;
  const id = pod.annotations[sandboxAnnotation] ?? "";
  const addresses = firstOfEachFamily(pod.ips).map(
    (ip): PodAddress => ({ ip, network: networkOf(ip, input, podPrefix) }),
  );
  return {
    namespace,
    name,
    place,
    containerId: /^[0-9a-f]{64}$/.test(id) ? id : standInFor(pod),
    addresses,
    isRefused: hasUnreadableHostIp(pod, addresses, report),
  };
}

function firstOfEachFamily(ips: readonly IpAddress[]): readonly IpAddress[] {
  return (["ipv4", "ipv6"] as const).flatMap((family) => ips.find((ip) => ip.family === family) ?? []);
}

function networkOf(ip: IpAddress, { node }: HostPortsInput, given: HostPortConfiguration["podPrefix"]): Cidr {
  const range = node?.podCidrs.find((cidr) => cidrContains(cidr, ip));
  const prefix = given[ip.family] ?? range?.prefix ?? (ip.family === "ipv4" ? 32 : 128);
  return parseCidr(`${ip.text}/${prefix}`) as Cidr;
}

/** Within a container the first port of a name counts; without a name, the first with the same numbers. */
function mappingsOf({ containers }: Pod): readonly PortMapping[] {
  return containers.flatMap((ports) => {
    const seen = new Set<string>();
    return ports.flatMap((port) => {
      const key = keyOf(port);
      if (seen.has(key)) return [];
      seen.add(key);
      return port.hostPort === 0 ? [] : [mappingOf(port)];
    });
  });
}

function keyOf({ name, protocol, hostIp, containerPort, hostPort }: ContainerPort): string {
  if (name !== "") return name;
  const family = hostIp === "" ? "any" : hostIp.includes(":") ? "v6" : "v4";
  return `${family}${protocol}${hostIp}:${containerPort}:${hostPort}`;
}

/** A host IP that is no address counts as one of IPv6, and the unspecified address as every one of its family. */
function mappingOf({ hostPort, containerPort, protocol, hostIp, place }: ContainerPort): PortMapping {
  const ip = strictIp(hostIp);
  const family = hostIp === "" ? undefined : (ip?.family ?? "ipv6");
  const only = ip !== undefined && isUnspecified(ip) ? undefined : ip;
  return { hostPort, containerPort, protocol, hostIp: only, family, place };
}

/** As Go's net.ParseIP: no leading zeros, and an IPv4-mapped address is one of IPv4. */
export function strictIp(text: string): IpAddress | undefined {
  return /(?:^|[.:])0\d+\./.test(text) || /\.0\d/.test(text) ? undefined : parseIp(text);
}

/** Stands for every address of its family. */
export function isUnspecified(ip: IpAddress): boolean {
  return specialRange(ip) === "unspecified";
}

/** Where the pod has an IPv6 address, a host IP that is no address gets into a rule, which the tools refuse. */
function hasUnreadableHostIp(pod: Pod, addresses: readonly PodAddress[], report: Report): boolean {
  const isDual = addresses.some(({ ip }) => ip.family === "ipv6");
  let refused = false;
  for (const { hostPort, hostIp, place } of pod.containers.flat()) {
    if (hostPort === 0 || hostIp === "" || strictIp(hostIp) !== undefined) continue;
    report("host-ip-invalid", at(place, "hostIP"), { hostIp, effect: effectOfNoAddress(isDual) });
    refused ||= isDual;
  }
  return refused;
}

/** What a host IP that is no address does to a pod with an IPv6 address, or without. */
export function effectOfNoAddress(hasIpv6: boolean): string {
  return hasIpv6 ? "portmap refuses the pod, which does not start" : "the port is not mapped";
}

/** Why the plugin refuses its configuration, and so every pod: parseConfig of portmap. */
function refusalOf({ plugin }: HostPortConfiguration): string | undefined {
  const { backend, markMasqBit, externalSetMarkChain, conditions } = plugin;
  if (markMasqBit !== undefined && externalSetMarkChain !== undefined)
    return "externalSetMarkChain and markMasqBit exclude each other";
  if (markMasqBit !== undefined && (markMasqBit < 0 || markMasqBit > 31)) return "markMasqBit is not between 0 and 31";
  const other = otherBackend.get(backend);
  if (other === undefined) return `there is no backend ${backend}`;
  const options: readonly (readonly [option: string, backend: string | undefined])[] = [
    ["externalSetMarkChain", externalSetMarkChain === undefined ? undefined : "iptables"],
    ["conditionsV4", backendOf(conditions.ipv4)],
    ["conditionsV6", backendOf(conditions.ipv6)],
  ];
  const wrong = options.filter(([, of]) => of === other).map(([option]) => option);
  return wrong.length === 0 ? undefined : `backend ${backend} with ${wrong.join(", ")} of ${other}`;
}

/** The plugin's back ends, each with the one whose options it refuses. */
const otherBackend: ReadonlyMap<string, string> = new Map([
  ["iptables", "nftables"],
  ["nftables", "iptables"],
]);

/** No condition of nftables begins with a dash or an exclamation mark. */
function backendOf([first]: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  return /^[-!]/.test(first) ? "iptables" : "nftables";
}
