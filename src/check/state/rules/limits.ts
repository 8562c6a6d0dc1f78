import { at, type Place } from "../../../diagnostics/place.ts";
import type { ForwardingPlan, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import type { ForwardingProgram } from "../../../programs/program.ts";
import {
  allEndpoints,
  type CheckedPort,
  type CheckedService,
  isUsable,
  nameOf,
  type StateRule,
} from "../checked-state.ts";

/** Below this number the delay is not noticeable. */
const worthSaying = 1000;

/** How many rules of table nat the first packet to the last Service traverses. */
export const rulesPerPacket: StateRule = ({ plan, program, services }) => {
  if (plan === undefined || program.countRules === undefined) return;
  const worst = worstWalk(plan, program.countRules);
  if (worst === undefined || worst.rules < worthSaying) return;
  const { service, name } = worst.plan;
  const checked = services.find((candidate) => candidate.service === service);
  checked?.report("rules-per-packet", nameOf(service), { rules: worst.rules, service: name });
};

type CountRules = NonNullable<ForwardingProgram["countRules"]>;

interface Walk {
  readonly rules: number;
  readonly plan: ServicePortPlan;
}

function worstWalk(plan: ForwardingPlan, countRules: CountRules): Walk | undefined {
  let worst: Walk | undefined;
  for (const { servicePorts } of plan.families) {
    let before = 1;
    for (const servicePort of servicePorts) {
      const { shared, own } = countRules(servicePort);
      before += shared;
      const rules = before + own;
      if (worst === undefined || rules > worst.rules) worst = { rules, plan: servicePort };
    }
  }
  return worst;
}

/** Limits of session affinity: the number of clients, load balancers in front, other Services for the same pods. */
export const sessionAffinity: StateRule = ({ services, program }) => {
  const sticky = services.filter(({ service, isProxied }) => isProxied && service.affinity !== undefined);
  const [first] = sticky;
  if (first === undefined) return;
  if (program.affinityClients !== undefined)
    first.report("affinity-client-limit", affinityOf(first), { count: sticky.length });
  for (const checked of sticky) reportBalanced(checked);
  reportOthers(sticky, services);
};

function affinityOf({ service }: CheckedService): Place {
  return at(at(service.place, "spec"), "sessionAffinity");
}

/** With policy Cluster any node takes connections of a client, and each remembers clients by itself. */
function reportBalanced(checked: CheckedService): void {
  const { service, ports, report } = checked;
  if (service.type !== "LoadBalancer" || service.externalTrafficPolicy !== "Cluster") return;
  const usable = ports.flatMap(allEndpoints).filter(({ entry }) => isUsable(entry));
  if (new Set(usable.map(({ entry }) => entry.ip)).size > 1) report("affinity-per-node", affinityOf(checked), {});
}

/** Services without affinity that send to the same ports of the same pods. */
function reportOthers(sticky: readonly CheckedService[], services: readonly CheckedService[]): void {
  const owners = new Map<string, { readonly checked: CheckedService; readonly port: CheckedPort }>();
  for (const checked of sticky) {
    for (const port of checked.ports) for (const key of targetsOf(port)) owners.set(key, { checked, port });
  }
  for (const { service, isProxied, ports, report } of services) {
    if (!isProxied || service.affinity !== undefined) continue;
    const shared = ports.map((port) => ({ port, key: targetsOf(port).find((key) => owners.has(key)) }));
    const found = shared.find(({ key }) => key !== undefined);
    const owner = owners.get(found?.key ?? "");
    if (found === undefined || owner === undefined) continue;
    const parameters = { target: (found.key ?? "").replace(/\/.*/, ""), other: owner.port.name };
    const related = [{ message: "sessionAffinity", place: affinityOf(owner.checked) }];
    report("affinity-differs", found.port.port.place, parameters, { related });
  }
}

function targetsOf(port: CheckedPort): readonly string[] {
  const usable = allEndpoints(port).filter(({ entry }) => isUsable(entry));
  return usable.length < 2 ? [] : usable.map(({ target }) => `${target}/${port.port.protocol}`);
}
