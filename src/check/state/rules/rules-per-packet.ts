import type { ForwardingPlan, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import type { ForwardingProgram } from "../../../programs/program.ts";
import { nameOf, type StateRule } from "../checked-state.ts";

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
