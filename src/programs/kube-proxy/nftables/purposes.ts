import type { ObjectRef, Owner, ServicePortChainKind } from "../../program.ts";
import { servicePortChainPurposes, servicePortInComment } from "../chain-names.ts";
import { affinitySetPrefix, nftChains, nftTable, servicePortInNftName } from "./names.ts";
import type { ElementSet } from "./table-objects.ts";

/** What the objects of kube-proxy's table are for: of chains, phrases that complete "it ...". */

const toNodePorts = "refuses new connections to node ports without usable endpoints";
const toServices = "refuses new connections to service ports without usable endpoints";
const toUnused = "and to unused ports of cluster IPs";
const beforeDnat = "checks the source ranges of load balancer IPs before DNAT";

const fixedChains: ReadonlyMap<string, string> = new Map([
  ["filter-prerouting-pre-dnat", `${beforeDnat}, for packets that arrive at the node`],
  ["filter-output-pre-dnat", `${beforeDnat}, for packets of the node itself`],
  ["nat-prerouting", "sends new connections that arrive at the node to Services: DNAT"],
  ["nat-output", "sends new connections of the node itself to Services: DNAT"],
  ["filter-input", `${toNodePorts}, for packets to the node itself`],
  ["filter-forward", `${toServices} ${toUnused}, for forwarded packets`],
  ["filter-output", `${toServices} ${toUnused}, for packets of the node itself`],
  ["nat-postrouting", "masquerades marked connections when they leave the node"],
  [nftChains.services, "finds the Service of a packet: by address, protocol and port, or by node port"],
  [nftChains.firewallCheck, "sends packets to load balancer IPs with source ranges to the chain with these ranges"],
  [nftChains.serviceEndpointsCheck, "rejects or drops packets to service ports without usable endpoints"],
  [nftChains.nodePortEndpointsCheck, "rejects or drops packets to node ports without usable endpoints"],
  [nftChains.clusterIpsCheck, "rejects packets to unused ports of cluster IPs"],
  [
    nftChains.masquerading,
    "masquerades marked packets, and those of endpoints to themselves, when they leave the node",
  ],
  [nftChains.reject, "rejects packets: elements of maps lead here"],
]);

const fixedSets: Readonly<Record<ElementSet, string>> = {
  "cluster-ips": "the cluster IPs of all Services",
  "hairpin-connections": "connections of endpoints of this node to themselves, through a Service: they are masqueraded",
  "nodeport-ips": "the addresses of this node on which node ports answer",
  "firewall-ips": "load balancer IPs with source ranges, and the chain that checks the source",
  "no-endpoint-nodeports": "node ports without usable endpoints: their packets are rejected or dropped",
  "no-endpoint-services": "addresses of service ports without usable endpoints: their packets are rejected or dropped",
  "service-ips": "the addresses of all Services (cluster IPs, external IPs, load balancer IPs), and the chain for each",
  "service-nodeports": "the node ports of all Services, and the chain for each",
};

/** The names of chains and sets that exist whatever the Services. */
export const fixedNames: readonly string[] = [...fixedChains.keys(), ...Object.keys(fixedSets)];

const ownChains: ReadonlyMap<string, ServicePortChainKind> = new Map([
  ["service", "SVC"],
  ["local", "SVL"],
  ["external", "EXT"],
  ["firewall", "FW"],
  ["endpoint", "SEP"],
]);

function isOurs(table: string | undefined): boolean {
  return table === undefined || table === `ip ${nftTable}` || table === `ip6 ${nftTable}`;
}

/** The kind of chain that belongs to one service port alone. */
function kindOf(name: string): ServicePortChainKind | undefined {
  return servicePortInNftName(name) === undefined ? undefined : ownChains.get(name.slice(0, name.indexOf("-")));
}

/** The owner of an object name; undefined where kube-proxy does not create it in its table. */
export function ownerOf(ref: ObjectRef): Owner | undefined {
  if ((ref.kind !== "chain" && ref.kind !== "set") || !isOurs(ref.table)) return undefined;
  const { kind, name } = ref;
  const servicePort = kind === "chain" ? kindOf(name) : undefined;
  const isKnown =
    kind === "chain" ? servicePort !== undefined || fixedChains.has(name) : setPurpose(name) !== undefined;
  return isKnown ? { component: "kube-proxy", programs: ["kube-proxy/nftables"], servicePort } : undefined;
}

/** The purpose of an object; `service` is the owning service port, where it is known. */
export function purposeOf(ref: ObjectRef, service: string | undefined): string | undefined {
  if ((ref.kind !== "chain" && ref.kind !== "set") || !isOurs(ref.table)) return undefined;
  if (ref.kind === "set") return setPurpose(ref.name);
  const kind = kindOf(ref.name);
  if (kind === undefined) return fixedChains.get(ref.name);
  const owner = service ?? servicePortInNftName(ref.name) ?? "an unknown service port";
  return kind === "FW"
    ? `drops packets to the load balancer IPs of ${owner} from outside the source ranges`
    : servicePortChainPurposes[kind](owner);
}

/** The service port in the name of a chain or set that a rule or element has, or in its comment. */
export function serviceInRule(line: string): string | undefined {
  if (!line.includes("/")) return undefined;
  const [, comment = ""] = / comment "([^"]*)"/.exec(line) ?? [];
  return servicePortInNftName(line) ?? servicePortInComment(comment);
}

function setPurpose(name: string): string | undefined {
  if (!name.startsWith(affinitySetPrefix)) return (fixedSets as Readonly<Record<string, string>>)[name];
  const owner = servicePortInNftName(name);
  return owner && `the clients that session affinity keeps at one endpoint of ${owner}`;
}
