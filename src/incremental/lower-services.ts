import type { Family } from "../model/address.ts";
import type {
  FamilyPlan,
  FamilySettings,
  ForwardingPlan,
  ServicePortPlan,
} from "../plan/forwarding/forwarding-plan.ts";
import type { ForwardingProgram, Fragment } from "../programs/program.ts";
import { keyOf } from "./store.ts";

/** By family, then by the key of the Service, in name order. */
export type Fragments = ReadonlyMap<Family, ReadonlyMap<string, Fragment>>;

export interface LowerRequest {
  readonly plan: ForwardingPlan;
  readonly program: ForwardingProgram;
  /** Families with more endpoints than the plan knows of. */
  readonly large: ReadonlySet<Family>;
  /** Own chains and real servers are not complete: lines in what Services share are only counted. */
  readonly countsOnly?: boolean;
}

/** Lowers the Services of a plan, each on its own. */
export function lowerServices(request: LowerRequest): Fragments {
  return new Map(request.plan.families.map((family) => [family.family, lowerFamily(family, request)]));
}

function lowerFamily(family: FamilyPlan, request: LowerRequest): ReadonlyMap<string, Fragment> {
  const settings: FamilySettings = { ...family.settings, largeCluster: request.large.has(family.family) };
  const lower = request.program.fragments?.(settings, request.plan);
  if (lower === undefined) return new Map();
  const fragments = new Map<string, Fragment>();
  let ports: ServicePortPlan[] = [];
  const flush = (): void => {
    const [first] = ports;
    if (first !== undefined) fragments.set(keyOf(first.service), lower(ports));
    ports = [];
  };
  for (const port of family.servicePorts) {
    if (ports[0] !== undefined && ports[0].service !== port.service) flush();
    ports.push(request.countsOnly ? withLocalEndpoints(port) : port);
  }
  flush();
  return fragments;
}

/**
 * Rules in shared chains depend on the resolved routes and on whether there are endpoints; entries of shared sets also
 * on the endpoints of this node.
 */
function withLocalEndpoints(port: ServicePortPlan): ServicePortPlan {
  const { all, cluster, local } = port.endpoints;
  return { ...port, endpoints: { all, cluster: cluster.filter(({ isLocal }) => isLocal), local } };
}
