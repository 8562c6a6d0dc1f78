import { at, type Place } from "../../diagnostics/place.ts";
import { describeObject } from "../../diagnostics/subject.ts";
import { placeOfEndpoint } from "../../model/endpoint-slice.ts";
import type { Endpoint, ServicePortPlan } from "../../resolve/forwarding-plan.ts";
import type { Sections } from "./sections.ts";

/** The object and field that a line comes from. */
export interface Cause {
  readonly object: string;
  readonly field: string;
  readonly place: Place | undefined;
}

/** Says that the lines to come are there because of a field of the Service. Costs nothing when nobody asks. */
export function becauseOfService(sections: Sections, plan: ServicePortPlan, field: string, place?: Place): void {
  if (sections.causes === undefined) return;
  const { service } = plan;
  const object = describeObject("Service", service.namespace, service.name);
  sections.cause = { object, field, place: place ?? placeOfField(service.place, field) };
}

/** The same for a field of one of the Service's ports. */
export function becauseOfPort(sections: Sections, plan: ServicePortPlan, field: string): void {
  if (sections.causes === undefined) return;
  const index = plan.port.place.key;
  becauseOfService(sections, plan, `spec.ports[${index}].${field}`, at(plan.port.place, field));
}

/** The same for an endpoint. */
export function becauseOfEndpoint(sections: Sections, { slice, entry }: Endpoint): void {
  if (sections.causes === undefined) return;
  const object = describeObject(slice.source, slice.namespace, slice.name);
  const place = placeOfEndpoint(slice, entry);
  const field = slice.source === "EndpointSlice" ? `endpoints[${entry.index}].addresses[0]` : "subsets";
  sections.cause = { object, field, place };
}

function placeOfField(object: Place, field: string): Place {
  return field.split(".").reduce((place: Place, key) => at(place, key), object);
}
