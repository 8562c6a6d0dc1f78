import type { Family } from "../model/address.ts";
import { allocate, type Pool, poolOf } from "./allocate.ts";
import { type Claims, claimsOf, takenByServices } from "./claims.ts";
import { type Draft, type GivenObject, markFields, reportOn } from "./draft.ts";
import { fillService } from "./fill-service.ts";
import { loadBalancerCidrs } from "./options.ts";
import { recordOf, type Value } from "./values.ts";

/** A Service with all fields that a cluster fills in. */
export interface SimulatedService {
  readonly given: GivenObject;
  readonly spec: Value;
  readonly families: readonly Family[];
}

/** Gives Services the cluster IPs, node ports and load balancer addresses they lack. */
export function completeServices(services: readonly GivenObject[], draft: Draft): readonly SimulatedService[] {
  const claims = services.map((service) => claimsOf(service, draft.settings));
  const allocations = allocateAll(claims, takenByServices(services), draft);
  return services.map((given, index) => {
    const own = claims[index] as Claims;
    reportFull(given, own, { allocations, draft });
    const { value, fields } = fillService(given.input.value, own, allocations);
    if (fields.length > 0) draft.changed.set(given.input, markFields(value, fields));
    return { given, spec: recordOf(value.spec), families: own.families };
  });
}

type Allocations = ReadonlyMap<string, string>;

function allocateAll(claims: readonly Claims[], taken: ReturnType<typeof takenByServices>, draft: Draft): Allocations {
  const { settings, held } = draft;
  const { first, last } = settings.nodePortRange;
  const all = new Map<string, string>();
  const add = (pool: Pool, names: readonly string[]): void => {
    for (const [name, what] of allocate(pool, names, held)) all.set(name, what);
  };
  const ofFamily = (list: "clusterIps" | "loadBalancerIps", family: Family): readonly string[] =>
    claims.flatMap((claim) => claim[list][family] ?? []);
  for (const cidr of settings.serviceCidrs) {
    const pool = poolOf(cidr, taken.addresses);
    // In every cluster these belong to the API server's own Service and, by convention, to DNS.
    for (const offset of [0, 9]) if (offset < pool.size) pool.taken.add(pool.spell(offset));
    add(pool, ofFamily("clusterIps", cidr.family));
  }
  for (const cidr of loadBalancerCidrs) add(poolOf(cidr, taken.addresses), ofFamily("loadBalancerIps", cidr.family));
  const ports: Pool = { size: last - first + 1, spell: (offset) => String(first + offset), taken: taken.nodePorts };
  add(
    ports,
    claims.flatMap(({ nodePorts, healthCheck }) => [...nodePorts.values(), ...(healthCheck ?? [])]),
  );
  return all;
}

/** Reports Services for which a pool was full: the API server would refuse them. */
function reportFull(
  given: GivenObject,
  { clusterIps, nodePorts, healthCheck }: Claims,
  { allocations, draft }: { readonly allocations: Allocations; readonly draft: Draft },
): void {
  const report = reportOn(draft, given);
  const isLeftOut = (name: string): boolean => !allocations.has(name);
  for (const [family, names] of Object.entries(clusterIps)) {
    const range = draft.settings.serviceCidrs.find((cidr) => cidr.family === family)?.text;
    if (names.some(isLeftOut) && range === undefined)
      report("simulate-no-range", given.input.place, { family: family === "ipv6" ? "IPv6" : "IPv4" });
    else if (names.some(isLeftOut)) report("simulate-range-full", given.input.place, { what: "cluster IP", range });
  }
  if (![...nodePorts.values(), ...(healthCheck ?? [])].some(isLeftOut)) return;
  const { first, last } = draft.settings.nodePortRange;
  report("simulate-range-full", given.input.place, { what: "node port", range: `${first}-${last}` });
}
