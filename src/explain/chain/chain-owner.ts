import { emptyTable, type OwnedRules } from "../../ir/owned.ts";
import type { PlacedObject } from "../../languages/text-reader.ts";
import type { Family } from "../../model/address.ts";
import type { EndpointSlice } from "../../model/objects/endpoint-slice.ts";
import type { Service } from "../../model/objects/service.ts";
import { gatherEndpoints } from "../../plan/forwarding/endpoints.ts";
import type { Endpoint } from "../../plan/forwarding/forwarding-plan.ts";
import { servicePortName } from "../../plan/forwarding/resolve-service-port.ts";
import type { ProgramId, ServicePortChainKind } from "../../programs/program.ts";
import { ownerOf, programById, purposeOf, serviceInRule } from "../../programs/registry.ts";
import { attributeChains, everyService, type ServiceOfChain, unknownService } from "../../reconcile/attribution.ts";
import { nothingOwned } from "../../reconcile/owned-state.ts";
import type { NodeFacts } from "../not-programmed/not-programmed.ts";
import type { Texts } from "../texts.ts";

/** The service port of a chain. Chain names have hashes, so the names of all service ports are computed. */
export interface ChainOwner {
  readonly role: ServicePortChainKind;
  /** The programs that create chains with this kind of name. */
  readonly programs: readonly ProgramId[];
  readonly service: Service;
  /** `shop/web:http` */
  readonly port: string;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** Of the chain of an endpoint. */
  readonly endpoint: Endpoint | undefined;
}

/** Whether a chain of this name belongs to one service port alone, in any mode. */
export function belongsToServicePort(name: string): boolean {
  return ownerOf({ kind: "chain", table: undefined, name })?.servicePort !== undefined;
}

/** Finds the owner of a chain on any node. Unready endpoints and Services of other proxies are included. */
export function findChainOwner(name: string, { cluster, name: node }: NodeFacts): ChainOwner | undefined {
  const { servicePort, programs = [] } = ownerOf({ kind: "chain", table: undefined, name }) ?? {};
  const names = programs.map((id) => programById(id).chainNames).find((each) => each !== undefined);
  if (servicePort === undefined || names === undefined) return undefined;
  const role = servicePort;
  const current = role === "XLB" ? name.replace("XLB", "EXT") : name;
  const slices = role === "SEP" ? slicesByService(cluster.slices) : undefined;
  for (const service of cluster.services) {
    for (const port of service.ports) {
      const protocol = port.protocol.toLowerCase() as ChainOwner["protocol"];
      const named = { service, port, protocol, name: servicePortName(service, port) };
      const owner = { role, programs, service, port: named.name, protocol };
      if (slices === undefined) {
        if (Object.values(names.of(named)).includes(current)) return { ...owner, endpoint: undefined };
        continue;
      }
      const ours = slices.get(`${service.namespace}/${service.name}`) ?? [];
      const endpoint = gatherEndpoints(ours, port, node, () => {}).find((each) => names.endpoint(named, each) === name);
      if (endpoint !== undefined) return { ...owner, endpoint };
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
export function chainPurpose(
  { table, name, entry }: Pick<PlacedObject, "table" | "name" | "entry">,
  service: string | undefined,
): string {
  const ref = { kind: "chain", table, name } as const;
  const purpose = purposeOf(ref, service);
  if (purpose !== undefined) return entry === undefined ? purpose : `${purpose}; it ${entry}`;
  if (entry !== undefined) return entry;
  return ownerOf(ref) !== undefined
    ? "belongs to kube-proxy"
    : "belongs to another program: neither kube-proxy nor Portolan creates it";
}

/** Finds the owner of a chain from its name or comments in the text only; undefined where they name no service port. */
export function ownersByComments({ chains }: Texts): (chain: string) => string | undefined {
  const rulesOf = (family: Family): OwnedRules => {
    const nat = chains.filter((chain) => chain.family === family && chain.table === "nat");
    const lines = new Map(nat.map(({ name, lines: texts }) => [name, texts]));
    return { tables: new Map([["nat", { ...emptyTable, chains: lines }]]), isShared: false };
  };
  let find: ServiceOfChain | undefined;
  return (chain) => {
    const named = serviceInRule(chain);
    if (named !== undefined) return named;
    find ??= attributeChains([{ ...nothingOwned, rules: { ipv4: rulesOf("ipv4"), ipv6: rulesOf("ipv6") } }]);
    const service = find(chain);
    return service === everyService || service === unknownService ? undefined : service;
  };
}
