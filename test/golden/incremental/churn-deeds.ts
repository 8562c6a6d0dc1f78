import type { RemovedObject } from "../../../src/index.ts";
import {
  type Endpoint,
  endpoint,
  type Json,
  keyOf,
  names,
  nodes,
  plainService,
  serviceObject,
  shapeOf,
  sliceName,
  sliceObject,
} from "./churn-objects.ts";

/** By `Kind namespace/name`. */
export type Objects = Map<string, Json>;

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

export interface Step {
  readonly put: (object: Json) => void;
  readonly drop: (kind: string, namespace: string, name: string) => void;
  readonly changes: () => GivenChanges;
}

export function createStep({ objects }: Churn): Step {
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

export function changeSlice(
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

/** Changes one thing of a Service that is there. */
export function reshape({ objects }: Churn, service: number, step: Step, change: (shape: number) => number): void {
  const [namespace, name] = names[service] as (typeof names)[number];
  const known = objects.get(keyOf("Service", namespace, name)) as
    | { metadata: { annotations: Record<string, string> } }
    | undefined;
  const shape = Number(known?.metadata.annotations[shapeOf] ?? service);
  step.put(serviceObject(service, change(shape)));
}

/** Twenty-five or so at a time get other addresses. */
export function roll(churn: Churn, pick: number, step: Step): void {
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

/** A Service with 990 endpoints comes or goes: with it there are more than 1,000, or nearly. */
export function cross({ objects }: Churn, step: Step): void {
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

export function loseNode({ objects }: Churn, node: string, isGone: boolean, step: Step): void {
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

export function otherName(service: number): string {
  return `other-${names[service]?.join("-")}`;
}

/** A second slice of a Service: some endpoints that the first has as well, other ports, hints, one endpoint twice. */
export function putOther(service: number, { shape, pick }: { shape: number; pick: number }, step: Step): void {
  const own = names[service] as (typeof names)[number];
  const endpoints = Array.from({ length: pick % 4 }, (_, index) => ({
    ...endpoint(pick + index, false),
    ...(shape % 3 === 0 ? { hints: { forZones: [{ name: `z${(pick + index) % 3}` }] } } : {}),
  }));
  const slice = sliceObject(own, otherName(service), "IPv4", endpoints);
  const again = shape % 5 === 0 ? endpoints.map((one) => ({ ...one, nodeName: nodes[shape % 3] as string })) : [];
  const ports = (slice.ports as Json[]).map((port, index) => (index === shape % 4 ? { ...port, port: 9090 } : port));
  step.put({ ...slice, ports: shape % 2 === 0 ? ports : ports.slice(1), endpoints: [...endpoints, ...again] });
}

/** A slice becomes that of another Service of its namespace, or of none. */
export function moveSlice({ objects }: Churn, service: number, pick: number, step: Step): void {
  const [namespace] = names[service] as (typeof names)[number];
  const known = objects.get(keyOf("EndpointSlice", namespace, otherName(service)));
  if (known === undefined) return;
  const others = names.filter(([one]) => one === namespace).map(([, name]) => name);
  const labels = pick % 4 === 0 ? {} : { "kubernetes.io/service-name": others[pick % others.length] as string };
  step.put({ ...known, metadata: { ...(known.metadata as Json), labels } });
}

/** A Service that is another proxy's, headless, or an alias, and comes back as it was. */
export function setAside({ objects }: Churn, service: number, pick: number, step: Step): void {
  const [namespace, name] = names[service] as (typeof names)[number];
  const known = objects.get(keyOf("Service", namespace, name)) as { metadata: Json; spec: Json } | undefined;
  if (known === undefined) return;
  const labels = { "service.kubernetes.io/service-proxy-name": "other" };
  const { ports } = plainService([namespace, name], "None").spec as Json;
  const kinds: readonly Json[] = [
    { ...known, metadata: { ...known.metadata, labels } },
    { ...known, spec: { clusterIP: "None", ports } },
    { ...known, spec: { type: "ExternalName", externalName: "db.example.com" } },
    { ...known, spec: { ...known.spec, trafficDistribution: "PreferClose" } },
  ];
  step.put(kinds[pick % kinds.length] as Json);
}
