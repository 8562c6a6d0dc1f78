import { type Family, familyNames } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import { allocate, type Pool, poolOf } from "./allocate.ts";
import { type Claims, claimsOf, takenByServices } from "./claims.ts";
import { type Draft, type GivenObject, markFields, reportOn } from "./draft.ts";
import { loadBalancerCidrs } from "./options.ts";
import { isGiven, recordOf, recordsOf, textOf, textsOf, type Value } from "./values.ts";

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

/** A Service with its allocations, and the names of the new fields. */
interface Filled {
  readonly value: Value;
  readonly fields: readonly string[];
}

/** Adds allocations to a Service; its own values are kept. */
function fillService(value: Value, claims: Claims, allocations: Allocations): Filled {
  const spec = recordOf(value.spec);
  const parts = [
    clusterIps(spec, claims, allocations),
    nodePorts(spec, claims, allocations),
    healthCheck(claims, allocations),
  ];
  const status = balancerStatus(value, claims, allocations);
  const fields = [...parts.flatMap(({ fields }) => fields), ...(status === undefined ? [] : ["status.loadBalancer"])];
  if (fields.length === 0) return { value, fields };
  const added = Object.assign({}, ...parts.map(({ added }) => added)) as Value;
  return { value: { ...value, spec: { ...spec, ...added }, ...(status === undefined ? {} : { status }) }, fields };
}

interface Part {
  readonly added: Value;
  readonly fields: readonly string[];
}

const nothing: Part = { added: {}, fields: [] };

function clusterIps(spec: Value, { families, clusterIps: claimed }: Claims, allocations: Allocations): Part {
  const names = families.flatMap((family) => claimed[family] ?? []);
  const given = textsOf(spec.clusterIPs).length > 0 ? textsOf(spec.clusterIPs) : textsOf([spec.clusterIP]);
  const found = names.flatMap((name) => allocations.get(name) ?? []);
  if (found.length === 0) return nothing;
  const ips = [...given, ...found];
  const ipFamilies = families.slice(0, ips.length).map((family) => familyNames[family]);
  const policy = textOf(spec.ipFamilyPolicy) ?? (ips.length > 1 ? "PreferDualStack" : "SingleStack");
  const added = { clusterIP: ips[0], clusterIPs: ips, ipFamilies, ipFamilyPolicy: policy };
  const isNew = (key: string): boolean => !isGiven(spec[key]) || key === "clusterIPs";
  return {
    added,
    fields: Object.keys(added)
      .filter(isNew)
      .map((key) => `spec.${key}`),
  };
}

function nodePorts(spec: Value, { nodePorts: claimed }: Claims, allocations: Allocations): Part {
  const all: readonly unknown[] = Array.isArray(spec.ports) ? spec.ports : [];
  const own = recordsOf(spec.ports).filter(({ nodePort }) => isGiven(nodePort));
  const fields: string[] = [];
  const ports = all.map((port, index) => {
    const name = claimed.get(index);
    const shared = own.find((other) => other.port === recordOf(port).port)?.nodePort;
    const found = name === undefined ? undefined : (shared ?? numberOf(allocations.get(name)));
    if (found === undefined) return port;
    fields.push(`spec.ports[${index}].nodePort`);
    return { ...recordOf(port), nodePort: found };
  });
  return fields.length === 0 ? nothing : { added: { ports }, fields };
}

function healthCheck({ healthCheck: claimed }: Claims, allocations: Allocations): Part {
  const port = claimed === undefined ? undefined : numberOf(allocations.get(claimed[0]));
  return port === undefined ? nothing : { added: { healthCheckNodePort: port }, fields: ["spec.healthCheckNodePort"] };
}

/** A load balancer uses the address that the spec requests. */
function balancerStatus(value: Value, { loadBalancerIps }: Claims, allocations: Allocations): Value | undefined {
  const { type, loadBalancerIP } = recordOf(value.spec);
  const status = recordOf(value.status);
  if (type !== "LoadBalancer" || isRecord(status.loadBalancer)) return undefined;
  const names = (["ipv4", "ipv6"] satisfies Family[]).flatMap((family) => loadBalancerIps[family] ?? []);
  const asked = textOf(loadBalancerIP);
  const ips = asked === undefined ? names.flatMap((name) => allocations.get(name) ?? []) : [asked];
  if (ips.length === 0) return undefined;
  return { ...status, loadBalancer: { ingress: ips.map((ip) => ({ ip, ipMode: "VIP" })) } };
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
