import { builtInChains } from "../../languages/iptables/rule.ts";
import type { Family } from "../../model/address.ts";
import type { EndpointSlice } from "../../model/objects/endpoint-slice.ts";
import type { Service } from "../../model/objects/service.ts";
import { gatherEndpoints } from "../../plan/forwarding/endpoints.ts";
import type { Endpoint } from "../../plan/forwarding/forwarding-plan.ts";
import { servicePortName } from "../../plan/forwarding/resolve-service-port.ts";
import {
  endpointChain,
  parseServicePortChain,
  type ServicePortChainKind,
  servicePortChains,
} from "../../programs/kube-proxy/chain-names.ts";
import type { ProgramId } from "../../programs/program.ts";
import { ownerOf, purposeOf } from "../../programs/registry.ts";
import { attributeChains, everyService, type ServiceOfChain, unknownService } from "../../reconcile/attribution.ts";
import { emptyTable, nothingOwned, type OwnedRules } from "../../reconcile/owned-state.ts";
import type { NodeFacts } from "../not-programmed/not-programmed.ts";
import type { Texts } from "../texts.ts";

/** The service port of a chain. Chain names are one-way hashes, so the names of all service ports are computed. */
export interface ChainOwner {
  readonly role: ServicePortChainKind;
  /** The programs that create chains with this kind of name. */
  readonly programs: readonly ProgramId[];
  readonly service: Service;
  /** `shop/web:http` */
  readonly port: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Of a SEP chain. */
  readonly endpoint: Endpoint | undefined;
}

/** Finds the owner of a chain on any node. Unready endpoints and Services of other proxies are included. */
export function findChainOwner(name: string, { cluster, name: node }: NodeFacts): ChainOwner | undefined {
  const named = parseServicePortChain(name);
  if (named === undefined) return undefined;
  const { kind: role, hash } = named;
  const programs = ownerOf({ kind: "chain", table: "nat", name })?.programs ?? [];
  const slices = role === "SEP" ? slicesByService(cluster.slices) : undefined;
  for (const service of cluster.services) {
    for (const port of service.ports) {
      const portName = servicePortName(service, port);
      const protocol = port.protocol.toLowerCase() as ChainOwner["protocol"];
      const owner = { programs, service, port: portName, protocol };
      if (slices === undefined) {
        const { cluster: made } = servicePortChains(portName, protocol);
        if (made.endsWith(`-${hash}`)) return { ...owner, role, endpoint: undefined };
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

/** The purpose of a chain, completing "it ...". `service` is the owning service port, where it is known. */
export function chainPurpose(table: string, name: string, service: string | undefined): string {
  const ref = { kind: "chain", table, name } as const;
  const purpose = purposeOf(ref, service);
  if (purpose !== undefined) return purpose;
  if (builtInChains.has(name)) return "is a built-in chain of the kernel: every packet at this hook traverses it";
  return ownerOf(ref) !== undefined
    ? "belongs to kube-proxy"
    : "belongs to another program: neither kube-proxy nor Portolan creates it";
}

/** Finds the owner of a chain from comments in the text only; undefined where no comment names a service port. */
export function ownersByComments({ chains }: Texts): (chain: string) => string | undefined {
  const rulesOf = (family: Family): OwnedRules => {
    const nat = chains.filter((chain) => chain.family === family && chain.table === "nat");
    const lines = new Map(nat.map(({ name, lines: texts }) => [name, texts]));
    return { tables: new Map([["nat", { ...emptyTable, chains: lines }]]), sharedWithKubelet: false };
  };
  let find: ServiceOfChain | undefined;
  return (chain) => {
    find ??= attributeChains([{ ...nothingOwned, rules: { ipv4: rulesOf("ipv4"), ipv6: rulesOf("ipv6") } }]);
    const service = find(chain);
    return service === everyService || service === unknownService ? undefined : service;
  };
}
