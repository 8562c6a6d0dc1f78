import fc from "fast-check";
import {
  type Churn,
  changeSlice,
  createStep,
  cross,
  type GivenChanges,
  loseNode,
  moveSlice,
  otherName,
  putOther,
  reshape,
  roll,
  type Step,
  setAside,
} from "./churn-deeds.ts";
import {
  brokenService,
  configurationObject,
  type Endpoint,
  endpoint,
  endpointsObject,
  hostObject,
  type Json,
  machine,
  names,
  nodeObject,
  nodes,
  serviceObject,
  sliceName,
} from "./churn-objects.ts";

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
  "put other slice",
  "drop a slice",
  "move a slice",
  "let others proxy",
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

export function createChurn(mode: string): Churn {
  const churn: Churn = { objects: new Map(), mode, configuration: 0, generation: 0 };
  const step = createStep(churn);
  step.put(nodeObject(0));
  step.put(configurationObject(churn.configuration, churn.mode));
  return churn;
}

/** Makes some deeds; gives what the compiler is to be told. */
export function change(churn: Churn, some: readonly Deed[]): GivenChanges {
  const step = createStep(churn);
  const broken: Json[] = [];
  for (const one of some) {
    if (one.kind === "give broken service") broken.push(brokenService(one.service, one.shape));
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
      step.put(configurationObject(churn.configuration, churn.mode));
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
    case "put other slice":
      putOther(service, { shape, pick }, step);
      return;
    case "drop a slice":
      step.drop("EndpointSlice", namespace, pick % 2 === 0 ? otherName(service) : sliceName(name, "IPv4"));
      return;
    case "move a slice":
      moveSlice(churn, service, pick, step);
      return;
    case "let others proxy":
      setAside(churn, service, pick, step);
      return;
    case "give broken service":
      return;
  }
}
