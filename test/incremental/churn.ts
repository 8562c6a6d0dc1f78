import fc from "fast-check";
import type { RemovedObject } from "../../src/index.ts";

/** A cluster that changes at random: every change is made to the model, which tells what the compiler is given. */

type Json = Readonly<Record<string, unknown>>;

/** By `Kind namespace/name`. */
export type Objects = Map<string, Json>;

export const machine = "node1";

const nodes = [machine, "node2", "node3"];
const names = [
  ["a", "x"],
  ["a", "x-1"],
  ["a-b", "x"],
  ["shop", "api"],
  ["shop", "web"],
  ["shop", "web-2"],
] as const;

/** What one update does: a few numbers that the model reads as it is. */
export interface Deed {
  readonly kind: (typeof deeds)[number];
  readonly service: number;
  readonly shape: number;
  readonly pick: number;
}

const deeds = [
  "put service",
  "put service",
  "put service",
  "put service",
  "rename port",
  "change type",
  "delete service",
  "delete service and slices",
  "add endpoint",
  "add endpoint",
  "remove endpoint",
  "replace endpoint",
  "clear endpoints",
  "roll some of 250",
  "lose node",
  "cross threshold",
  "change configuration",
  "change node",
  "give host",
  "give broken service",
  "use Endpoints",
] as const;

const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom(...deeds),
  service: fc.nat(names.length - 1),
  shape: fc.nat(0xffff),
  pick: fc.nat(0xffff),
});

/** Updates of one to three deeds. */
export const history: fc.Arbitrary<readonly (readonly Deed[])[]> = fc.array(
  fc.array(deed, { minLength: 1, maxLength: 3 }),
  { minLength: 4, maxLength: 16 },
);

export interface GivenChanges {
  readonly upsert: readonly Json[];
  readonly remove: readonly RemovedObject[];
}

export interface Churn {
  readonly objects: Objects;
  readonly mode: string;
  configuration: number;
  generation: number;
}

export function createChurn(mode: string): Churn {
  const churn: Churn = { objects: new Map(), mode, configuration: 0, generation: 0 };
  const step = createStep(churn);
  step.put(nodeObject(0));
  step.put(configurationObject(churn));
  return churn;
}

interface Step {
  readonly put: (object: Json) => void;
  readonly drop: (kind: string, namespace: string, name: string) => void;
  readonly changes: () => GivenChanges;
}

function createStep({ objects }: Churn): Step {
  const upsert = new Map<string, Json>();
  const remove = new Map<string, RemovedObject>();
  return {
    put: (object) => {
      const { kind, metadata } = object as { kind: string; metadata?: { namespace?: string; name: string } };
      const key = keyOf(kind, metadata?.namespace ?? "", metadata?.name ?? "");
      objects.set(key, object);
      upsert.set(key, object);
      remove.delete(key);
    },
    drop: (kind, namespace, name) => {
      const key = keyOf(kind, namespace, name);
      if (!objects.delete(key)) return;
      upsert.delete(key);
      remove.set(key, { kind, namespace, name });
    },
    changes: () => ({ upsert: [...upsert.values()], remove: [...remove.values()] }),
  };
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** Makes some deeds; gives what the compiler is to be told. */
export function change(churn: Churn, some: readonly Deed[]): GivenChanges {
  const step = createStep(churn);
  const broken: Json[] = [];
  for (const one of some) {
    if (one.kind === "give broken service") broken.push(brokenService(one));
    else make(churn, one, step);
  }
  const { upsert = [], remove = [] } = step.changes();
  const given = new Set(upsert.map(nameOf));
  return { upsert: [...upsert, ...broken.filter((object) => !given.has(nameOf(object)))], remove };
}

function nameOf(object: unknown): string {
  const { kind, metadata } = object as { kind: string; metadata: { namespace: string; name: string } };
  return `${kind} ${metadata?.namespace}/${metadata?.name}`;
}

function make(churn: Churn, { kind, service, shape, pick }: Deed, step: Step): void {
  const [namespace, name] = names[service] as (typeof names)[number];
  const isIpv6 = (shape >> 9) % 3 === 1;
  const change = (rewrite: (endpoints: Endpoint[]) => Endpoint[]): void =>
    changeSlice(churn, service, isIpv6 ? "IPv6" : "IPv4", step, rewrite);
  switch (kind) {
    case "put service":
      step.put(serviceObject(service, shape));
      return;
    case "rename port":
      reshape(churn, service, step, (before) => before ^ 0b1000000);
      return;
    case "change type":
      reshape(churn, service, step, (before) => before + 1);
      return;
    case "delete service":
      step.drop("Service", namespace, name);
      return;
    case "delete service and slices":
      step.drop("Service", namespace, name);
      for (const type of ["IPv4", "IPv6"]) step.drop("EndpointSlice", namespace, sliceName(name, type));
      return;
    case "add endpoint":
      change((endpoints) => [...endpoints, endpoint(pick, isIpv6)]);
      return;
    case "remove endpoint":
      change((endpoints) => endpoints.filter((_, index) => index !== pick % Math.max(1, endpoints.length)));
      return;
    case "replace endpoint":
      change((endpoints) => [...endpoints.slice(1), endpoint(pick, isIpv6)]);
      return;
    case "clear endpoints":
      change(() => []);
      return;
    case "roll some of 250":
      roll(churn, pick, step);
      return;
    case "lose node":
      loseNode(churn, nodes[pick % 3] as string, pick % 2 === 0, step);
      return;
    case "cross threshold":
      cross(churn, step);
      return;
    case "change configuration":
      churn.configuration = pick;
      step.put(configurationObject(churn));
      return;
    case "change node":
      step.put(nodeObject(pick));
      return;
    case "give host":
      if (pick % 3 === 0) step.drop("Host", "", machine);
      else step.put(hostObject(pick));
      return;
    case "use Endpoints":
      if (pick % 3 === 0) step.drop("Endpoints", namespace, name);
      else step.put(endpointsObject(service, pick));
      return;
    case "give broken service":
      return;
  }
}

interface Endpoint {
  readonly addresses: readonly string[];
  readonly nodeName: string;
  readonly conditions: { readonly ready: boolean; readonly serving?: boolean; readonly terminating?: boolean };
}

function endpoint(number: number, isIpv6: boolean): Endpoint {
  const host = number % 40;
  const addresses = [isIpv6 ? `fd00:1::${(host + 1).toString(16)}` : `10.244.0.${host + 1}`];
  const isLeaving = number % 7 === 0;
  const conditions = isLeaving ? { ready: false, serving: true, terminating: true } : { ready: number % 11 !== 0 };
  return { addresses, nodeName: nodes[(number >> 4) % 3] as string, conditions };
}

function sliceName(service: string, type: string): string {
  return `${service}-${type.toLowerCase()}`;
}

function changeSlice(
  { objects }: Churn,
  service: number,
  type: "IPv4" | "IPv6",
  step: Step,
  rewrite: (endpoints: Endpoint[]) => Endpoint[],
): void {
  const [namespace, name] = names[service] as (typeof names)[number];
  const known = objects.get(keyOf("EndpointSlice", namespace, sliceName(name, type)));
  const before = (known?.endpoints ?? []) as Endpoint[];
  step.put(sliceObject([namespace, name], sliceName(name, type), type, rewrite(before)));
}

function sliceObject(
  [namespace, service]: readonly [string, string],
  name: string,
  addressType: string,
  endpoints: readonly Endpoint[],
): Json {
  const seen = new Set<string>();
  const unique = endpoints.filter(({ addresses: [ip = ""] }) => !seen.has(ip) && seen.add(ip) !== undefined);
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name, labels: { "kubernetes.io/service-name": service } },
    addressType,
    ports: [
      { name: "http", port: 8080, protocol: "TCP" },
      { name: "web", port: 8080, protocol: "TCP" },
      { name: "dns", port: 5353, protocol: "UDP" },
      { name: "sip", port: 5060, protocol: "SCTP" },
    ],
    endpoints: unique,
  };
}

const types = ["ClusterIP", "NodePort", "LoadBalancer"] as const;

const shapeOf = "example.com/shape";

/** Changes one thing of a Service that is there. */
function reshape({ objects }: Churn, service: number, step: Step, change: (shape: number) => number): void {
  const [namespace, name] = names[service] as (typeof names)[number];
  const known = objects.get(keyOf("Service", namespace, name)) as
    | { metadata: { annotations: Record<string, string> } }
    | undefined;
  const shape = Number(known?.metadata.annotations[shapeOf] ?? service);
  step.put(serviceObject(service, change(shape)));
}

/** All that a Service may be, by the bits of a number. External addresses may be those of other Services. */
function serviceObject(service: number, shape: number): Json {
  const [namespace, name] = names[service] as (typeof names)[number];
  const bit = (at: number): boolean => ((shape >> at) & 1) === 1;
  const type = types[shape % 3] as (typeof types)[number];
  const isOpen = type !== "ClusterIP";
  const isDual = bit(3);
  const ips = [`10.96.0.${service + 1}`, `fd00:96::${service + 1}`];
  const clusterIPs = isDual ? ips : [bit(4) && bit(5) ? (ips[1] as string) : (ips[0] as string)];
  const ports = [
    { name: bit(6) ? "http" : "web", protocol: "TCP", port: bit(2) ? 80 : 8000 },
    ...(bit(7) ? [{ name: "dns", protocol: "UDP", port: 53 }] : []),
    ...(bit(8) ? [{ name: "sip", protocol: "SCTP", port: 5060 }] : []),
  ].map((port, index) => (isOpen ? { ...port, nodePort: 30_000 + service * 10 + index } : port));
  const externalIPs = bit(9) ? [`198.18.0.${1 + (shape % 2)}`] : [];
  const isLocal = bit(10) && (isOpen || externalIPs.length > 0);
  const needsCheck = isLocal && type === "LoadBalancer";
  const ranges = ["198.51.100.0/24", ...(bit(12) ? ["192.0.2.0/24"] : [])];
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name, annotations: { [shapeOf]: `${shape}` } },
    spec: {
      type,
      clusterIP: clusterIPs[0],
      clusterIPs,
      ports,
      ...(externalIPs.length > 0 ? { externalIPs } : {}),
      ...(isLocal ? { externalTrafficPolicy: "Local" } : {}),
      ...(needsCheck ? { healthCheckNodePort: 32_000 + service } : {}),
      ...(bit(11) ? { sessionAffinity: "ClientIP" } : {}),
      ...(bit(13) ? { internalTrafficPolicy: "Local" } : {}),
      ...(type === "LoadBalancer" && bit(14) ? { loadBalancerSourceRanges: ranges } : {}),
    },
    ...(type === "LoadBalancer"
      ? { status: { loadBalancer: { ingress: [{ ip: `203.0.113.${1 + (bit(15) ? service : 0)}` }] } } }
      : {}),
  };
}

function brokenService({ service, shape }: Deed): Json {
  const good = serviceObject(service, shape) as { spec: Json };
  return { ...good, spec: { ...good.spec, ports: [{ name: "http", port: 70_000 }], sessionAffinity: "Sometimes" } };
}

/** Twenty-five or so at a time get other addresses. */
function roll(churn: Churn, pick: number, step: Step): void {
  const service = ["roll", "big"] as const;
  churn.generation += 1;
  const serviceKey = keyOf("Service", ...service);
  if (!churn.objects.has(serviceKey)) step.put(plainService(service, "10.96.1.1"));
  for (const [part, size] of [100, 100, 50].entries()) {
    const name = `big-${part}`;
    const known = churn.objects.get(keyOf("EndpointSlice", "roll", name))?.endpoints as Endpoint[] | undefined;
    const before = known ?? Array.from({ length: size }, (_, index) => rolled(0, part, index));
    if (known !== undefined && part !== pick % 3) continue;
    const after = before.map((one, index) => (index % 4 === pick % 4 ? rolled(churn.generation, part, index) : one));
    step.put(sliceObject(service, name, "IPv4", after));
  }
}

function rolled(generation: number, part: number, index: number): Endpoint {
  const addresses = [`10.${100 + (generation % 50)}.${part}.${index + 1}`];
  return { addresses, nodeName: nodes[index % 3] as string, conditions: { ready: true } };
}

function plainService([namespace, name]: readonly [string, string], clusterIP: string): Json {
  const ports = [{ name: "http", port: 80 }];
  return { apiVersion: "v1", kind: "Service", metadata: { namespace, name }, spec: { clusterIP, ports } };
}

/** A Service with 990 endpoints comes or goes: with it there are more than 1,000, or nearly. */
function cross({ objects }: Churn, step: Step): void {
  const service = ["bulk", "all"] as const;
  const isThere = objects.has(keyOf("Service", ...service));
  if (isThere) step.drop("Service", ...service);
  else step.put(plainService(service, "10.96.1.2"));
  for (let part = 0; part < 2; part++) {
    const name = `all-${part}`;
    if (isThere) step.drop("EndpointSlice", "bulk", name);
    else {
      const endpoints = Array.from({ length: 495 }, (_, index) => ({
        addresses: [`10.${50 + part}.${index >> 8}.${index & 255}`],
        nodeName: nodes[1] as string,
        conditions: { ready: true },
      }));
      step.put(sliceObject(service, name, "IPv4", endpoints));
    }
  }
}

function loseNode({ objects }: Churn, node: string, isGone: boolean, step: Step): void {
  for (const object of [...objects.values()]) {
    if (object.kind !== "EndpointSlice") continue;
    const endpoints = object.endpoints as Endpoint[];
    if (!endpoints.some(({ nodeName }) => nodeName === node)) continue;
    const left = endpoints.flatMap((one) => {
      if (one.nodeName !== node) return [one];
      return isGone ? [] : [{ ...one, conditions: { ready: false } }];
    });
    step.put({ ...object, endpoints: left });
  }
}

function nodeObject(pick: number): Json {
  const addresses = [
    { type: "InternalIP", address: `192.0.2.${10 + (pick % 2)}` },
    ...(pick % 5 === 0 ? [] : [{ type: "InternalIP", address: "2001:db8::10" }]),
  ];
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: machine, labels: { "topology.kubernetes.io/zone": `z${pick % 3}` } },
    status: { addresses },
  };
}

function hostObject(pick: number): Json {
  return {
    apiVersion: "portolan/v1alpha1",
    kind: "Host",
    metadata: { name: machine },
    addresses: ["192.0.2.10", "2001:db8::10", ...(pick % 2 === 0 ? ["198.18.0.1"] : [])],
    features: { randomFully: pick % 5 !== 0, nfacct: pick % 4 !== 0 },
  };
}

function configurationObject({ configuration, mode }: Churn): Json {
  const other = mode === "ipvs" ? "iptables" : "ipvs";
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: configuration % 6 === 5 ? other : mode,
    clusterCIDR: configuration % 2 === 0 ? "10.244.0.0/16" : "10.244.0.0/16,fd00:1::/64",
    nodePortAddresses: configuration % 3 === 0 ? ["192.0.2.0/24"] : [],
    iptables: { masqueradeBit: 14 + (configuration % 2), masqueradeAll: configuration % 5 === 0 },
    ipvs: { scheduler: configuration % 7 === 0 ? "lc" : "rr" },
  };
}

function endpointsObject(service: number, pick: number): Json {
  const [namespace, name] = names[service] as (typeof names)[number];
  const addresses = [{ ip: `10.244.1.${1 + (pick % 9)}`, nodeName: nodes[pick % 3] }];
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { namespace, name },
    subsets: [{ addresses, ports: [{ name: "http", port: 8080 }] }],
  };
}
