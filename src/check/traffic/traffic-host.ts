import { isIpv6 } from "../../datapath/address-set.ts";
import type { HostTexts } from "../../datapath/host.ts";
import { inferAddresses, placedTextsOf } from "../../diff/host-side.ts";
import { type HostDocument, textsUnder } from "../../ir/artifact.ts";
import { loadTables, readEvaluatedHost } from "../../languages/evaluated-host.ts";
import { type Link, linksCommand, parseLinks } from "../../languages/iproute.ts";
import { parseSysctls } from "../../languages/sysctl.ts";
import { type Family, families } from "../../model/address.ts";
import { addressDevice, ownSets } from "../../programs/registry.ts";
import { keyOf, type ServiceDestination, type TrafficHost } from "../../programs/traffic-mode.ts";
import { modeOn } from "../../programs/traffic-registry.ts";

/** Documentation addresses (RFC 5737, RFC 3849) for a node whose addresses are unknown. */
const standIns: Readonly<Record<Family, string>> = { ipv4: "192.0.2.1", ipv6: "2001:db8:0:1::1" };

/** Reads a host for the datapath; undefined where it has no rules of kube-proxy. */
export function readTrafficHost(document: HostDocument): TrafficHost | undefined {
  const texts = placedTextsOf(document);
  const ruleset = loadTables(texts.nftables ?? []).doc;
  const mode = modeOn({ texts, ruleset });
  if (mode === undefined) return undefined;
  const links = textsUnder(document, linksCommand).flatMap(({ text }) => parseLinks(text) ?? []);
  const served = inferAddresses(texts);
  const bound = [...served.serviceAddresses, ...links.filter(isAddressDevice).flatMap(({ ips }) => ips)];
  const ofNode = links.filter((link) => !link.loopback && link.name !== "lo" && !isAddressDevice(link));
  const uplinks = ofNode.filter(({ name, ips }) => !isInner(name) && ips.length > 0);
  const known = [...uplinks, ...ofNode.filter((link) => !uplinks.includes(link))].flatMap(({ ips }) => ips);
  const knownAddresses = known.length > 0 ? known : (served.nodeAddresses ?? []);
  const nodeAddress = Object.fromEntries(
    families.map((family) => {
      const named = mode.nodePortAddresses({ texts, ruleset }, family);
      return [family, nodeAddressOf(family, named, knownAddresses)];
    }),
  ) as Readonly<Record<Family, string>>;
  const sysctls = sysctlsOf(document);
  const routeLocalnet = sysctls.get("net.ipv4.conf.all.route_localnet");
  const host = readEvaluatedHost(
    { ...texts, serviceAddresses: mode.bindsAddresses && bound.length === 0 ? addressesInSets(texts) : bound },
    {
      nodeAddresses: [...new Set([...knownAddresses, ...Object.values(nodeAddress)])],
      podRanges: [],
      routeLocalnet: routeLocalnet === undefined ? undefined : routeLocalnet !== "0",
    },
  );
  return {
    host: mode.complete(host),
    mode,
    ruleset,
    nodeAddress,
    knownAddresses,
    uplink: uplinks.length === 1 ? uplinks[0]?.name : undefined,
    sysctls,
  };
}

function sysctlsOf({ texts }: HostDocument): ReadonlyMap<string, string> {
  const shown = texts.filter(({ heading }) => heading.startsWith("sysctl "));
  return new Map(shown.flatMap(({ text }) => [...parseSysctls(text)]));
}

function isAddressDevice({ name }: Link): boolean {
  return name === addressDevice;
}

/** Interfaces of container engines, virtual machines and pod networks: nothing from outside the node comes in by them. */
const inner =
  /^(?:docker|br-|virbr|lxdbr|lxcbr|podman|cni|cbr|kube-|nodelocaldns|flannel|cali|tunl|vxlan|cilium|lxc|veth|weave|genev|dummy|wg|antrea|ovn)/;

function isInner(name: string): boolean {
  return inner.test(name);
}

/** Where kube-proxy serves node ports on some addresses only, the rules name these. */
function nodeAddressOf(family: Family, named: readonly string[], known: readonly string[]): string {
  const own = known.filter((address) => isIpv6(address) === (family === "ipv6"));
  const answering = named.length === 0 ? own : own.filter((address) => named.includes(address));
  return answering[0] ?? named.find((address) => !address.startsWith("127.")) ?? own[0] ?? standIns[family];
}

function addressesInSets({ ipset }: HostTexts): readonly string[] {
  const entries = ipset.flatMap(({ text }) => [...text.matchAll(/^add (\S+) ([^,\s]+),/gm)]);
  return entries.flatMap(([, set = "", address = ""]) => (ownSets.hasServiceAddresses(set) ? [address] : []));
}

/** Every address of a service port that a host knows, once. `names` finds the Service where the text has no name. */
export function serviceDestinations(
  traffic: TrafficHost,
  names: ReadonlyMap<string, string>,
): readonly ServiceDestination[] {
  const found = new Map<string, ServiceDestination>();
  for (const family of families) {
    for (const destination of traffic.mode.destinations(traffic, family)) {
      const key = `${family} ${keyOf(destination)}`;
      if (!found.has(key))
        found.set(key, { ...destination, service: destination.service ?? names.get(keyOf(destination)) });
    }
  }
  return [...found.values()];
}
