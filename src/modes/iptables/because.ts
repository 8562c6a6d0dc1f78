import type { Place } from "../../diagnostics/place.ts";
import type { Endpoint, ServicePortPlan } from "../../resolve/forwarding-plan.ts";
import { endpointCause, portCause, serviceCause } from "../cause.ts";
import type { Sections } from "./sections.ts";

/** Says that the lines to come are there because of a field of the Service. Costs nothing when nobody asks. */
export function becauseOfService(sections: Sections, plan: ServicePortPlan, field: string, place?: Place): void {
  if (sections.causes !== undefined) sections.cause = serviceCause(plan, field, place);
}

/** The same for a field of the Service's port. */
export function becauseOfPort(sections: Sections, plan: ServicePortPlan, field: string): void {
  if (sections.causes !== undefined) sections.cause = portCause(plan, field);
}

/** The same for an endpoint. */
export function becauseOfEndpoint(sections: Sections, endpoint: Endpoint): void {
  if (sections.causes !== undefined) sections.cause = endpointCause(endpoint);
}
