import { type Family, familyNames } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import type { Claims } from "./claims.ts";
import { isGiven, recordOf, recordsOf, textOf, textsOf, type Value } from "./values.ts";

/** A Service with its allocations, and the names of the new fields. */
interface Filled {
  readonly value: Value;
  readonly fields: readonly string[];
}

type Allocations = ReadonlyMap<string, string>;

/** Adds allocations to a Service; its own values are kept. */
export function fillService(value: Value, claims: Claims, allocations: Allocations): Filled {
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
