import { builtInChains } from "../../languages/iptables/rule.ts";
import type { Family } from "../../model/address.ts";
import type { EndpointSlice } from "../../model/objects/endpoint-slice.ts";
import type { Service } from "../../model/objects/service.ts";
import { gatherEndpoints } from "../../plan/forwarding/endpoints.ts";
import type { Endpoint } from "../../plan/forwarding/forwarding-plan.ts";
import { servicePortName } from "../../plan/forwarding/resolve-service-port.ts";
import { endpointChain, servicePortChains } from "../../programs/kube-proxy/iptables/chains.ts";
import { attributeChains, everyService, type ServiceOfChain, unknownService } from "../../reconcile/attribution.ts";
import { isOwnedChain } from "../../reconcile/owned-names.ts";
import { emptyTable, nothingOwned, type OwnedRules } from "../../reconcile/owned-state.ts";
import type { NodeFacts } from "../not-programmed/not-programmed.ts";
import type { Texts } from "../texts.ts";

/** The service port whose chain has a name: found by making the names of all of them, which are one-way hashes. */
export interface ChainOwner {
  readonly role: "SVC" | "SVL" | "EXT" | "FW" | "SEP" | "XLB";
  readonly service: Service;
  /** `shop/web:http` */
  readonly port: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Of a SEP chain. */
  readonly endpoint: Endpoint | undefined;
}

const ownName = /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-([A-Z2-7]{16})$/;

/** Finds whose chain it would be on any node: endpoints that are not ready and Services of other proxies count too. */
export function findChainOwner(name: string, { cluster, name: node }: NodeFacts): ChainOwner | undefined {
  const [, role, hash] = ownName.exec(name) ?? [];
  if (role === undefined) return undefined;
  const slices = role === "SEP" ? slicesByService(cluster.slices) : undefined;
  for (const service of cluster.services) {
    for (const port of service.ports) {
      const portName = servicePortName(service, port);
      const protocol = port.protocol.toLowerCase() as ChainOwner["protocol"];
      const owner = { service, port: portName, protocol };
      if (slices === undefined) {
        const { cluster: made } = servicePortChains(portName, protocol);
        if (made.endsWith(`-${hash}`)) return { ...owner, role: role as ChainOwner["role"], endpoint: undefined };
        continue;
      }
      const ours = slices.get(`${service.namespace}/${service.name}`) ?? [];
      const endpoint = gatherEndpoints(ours, port, node, () => {}).find(
        ({ target }) => endpointChain(portName + protocol, target) === name,
      );
      if (endpoint !== undefined) return { ...owner, role: "SEP", endpoint };
    }
  }
  return undefined;
}

function slicesByService(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const found = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    if (slice.service === undefined || slice.family === undefined) continue;
    const key = `${slice.namespace}/${slice.service}`;
    const list = found.get(key);
    if (list === undefined) found.set(key, [slice]);
    else list.push(slice);
  }
  return found;
}

/** What a chain of one service port is for, by the start of its name; completes "it ...". */
const ownPurposes: Readonly<Record<string, (service: string) => string>> = {
  SVC: (service) => `balances traffic for ${service} over its endpoints in the cluster`,
  SVL: (service) => `balances traffic for ${service} over its endpoints on this node`,
  EXT: (service) => `handles external traffic for ${service}: node port, external IPs and load balancer IPs`,
  FW: (service) => `admits the source ranges to the load balancer IPs of ${service}`,
  SEP: (service) => `sends traffic to one endpoint of ${service}`,
  XLB: (service) => `handled external traffic for ${service} until Kubernetes 1.25`,
};

const fixedPurposes: Readonly<Record<string, string>> = {
  "nat KUBE-SERVICES": "matches packets to the address and port of a service port; node ports come last",
  "filter KUBE-SERVICES": "rejects or drops packets to cluster IPs without usable endpoints",
  "filter KUBE-EXTERNAL-SERVICES": "rejects or drops external packets to service ports without usable endpoints",
  "nat KUBE-NODEPORTS": "matches packets to the node ports of this node",
  "filter KUBE-NODEPORTS": "accepts health checks of load balancers",
  "nat KUBE-NODE-PORT": "marks packets to node ports for masquerade, unless the client IP is preserved",
  "filter KUBE-NODE-PORT": "accepts health checks of load balancers",
  "nat KUBE-POSTROUTING": "masquerades marked packets when they leave the node",
  "nat KUBE-MARK-MASQ": "marks packets that KUBE-POSTROUTING masquerades",
  "nat KUBE-LOAD-BALANCER": "marks packets to load balancer IPs for masquerade, unless the client IP is preserved",
  "filter KUBE-FORWARD": "accepts forwarded packets of Services, and drops those in conntrack state INVALID",
  "filter KUBE-PROXY-FIREWALL": "drops packets to load balancer IPs that no source range has admitted",
  "filter KUBE-SOURCE-RANGES-FIREWALL": "drops packets to load balancer IPs from outside the source ranges",
  "filter KUBE-FIREWALL": "blocks packets from other hosts to 127.0.0.0/8; the kubelet creates it too",
  "filter KUBE-IPVS-FILTER": "protects the host's own ports on service addresses that are bound to it",
  "filter KUBE-IPVS-OUT-FILTER": "blocks this node from load balancer IPs whose source ranges exclude it",
};

const canaries = new Set(["KUBE-PROXY-CANARY", "KUBE-KUBELET-CANARY"]);

/** What a chain is for, completing "it ...". `service` is the service port whose it is, where one is known. */
export function chainPurpose(table: string, name: string, service: string | undefined): string {
  const [, kind = ""] = /^KUBE-(SVC|SVL|EXT|FW|SEP|XLB)-[A-Z2-7]{16}$/.exec(name) ?? [];
  const own = ownPurposes[kind];
  if (own !== undefined) return own(service ?? "an unknown service port");
  const fixed = fixedPurposes[`${table} ${name}`];
  if (fixed !== undefined) return fixed;
  if (canaries.has(name)) return "has no rules: if it disappears, all rules were flushed";
  if (builtInChains.has(name)) return "is a built-in chain of the kernel: every packet at this hook traverses it";
  return isOwnedChain(name)
    ? "belongs to kube-proxy"
    : "belongs to another program: neither kube-proxy nor Portolan creates it";
}

/** Says whose a chain is by the comments in the text alone; undefined where nothing names a service port. */
export function ownersByComments({ chains }: Texts): (chain: string) => string | undefined {
  const rulesOf = (family: Family): OwnedRules => {
    const nat = chains.filter((chain) => chain.family === family && chain.table === "nat");
    const lines = new Map(nat.map(({ name, rules }) => [name, rules.map(({ text }) => text)]));
    return { tables: new Map([["nat", { ...emptyTable, chains: lines }]]), sharedWithKubelet: false };
  };
  const state = { ...nothingOwned, rules: { ipv4: rulesOf("ipv4"), ipv6: rulesOf("ipv6") } };
  const find: ServiceOfChain = attributeChains([state]);
  return (chain) => {
    const service = find(chain);
    return service === everyService || service === unknownService ? undefined : service;
  };
}
