import type { Service } from "../../../model/service/service.ts";
import type { FamilySettings, ForwardingPlan, ServicePortPlan } from "../../../resolve/forwarding-plan.ts";

/** A service port in one family, with what holds there. */
export interface PlannedPort {
  readonly plan: ServicePortPlan;
  readonly settings: FamilySettings;
}

/** The service ports of one Service: in name order, family by family. */
export function plansOf(service: Service, { families }: ForwardingPlan): readonly PlannedPort[] {
  return families.flatMap(({ settings, servicePorts }) => {
    const found: PlannedPort[] = [];
    for (const plan of servicePorts) if (plan.service === service) found.push({ plan, settings });
    return found;
  });
}
