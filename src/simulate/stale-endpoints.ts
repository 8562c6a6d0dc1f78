import { createSink, createSubject } from "../diagnostics/diagnostic.ts";
import { originOf } from "../diagnostics/place.ts";
import { checkEndpointsStay, serviceOfEndpoints } from "../model/documents/check-endpoints-stay.ts";
import type { InputObject } from "../model/flatten-documents.ts";
import { type GivenObject, sortGiven } from "./draft.ts";

/**
 * The Services (`shop/web`) of an overlay that a cluster would give other endpoints than they have below it: another
 * selector, or other target ports. Only where the state holds pods of their namespace, and the overlay no slices.
 */
export function staleEndpoints(
  objects: readonly InputObject[],
  below: readonly InputObject[],
  overlaysFrom: number,
): ReadonlySet<string> {
  const isAbove = ({ place }: InputObject): boolean => originOf(place).document >= overlaysFrom;
  const withEndpoints = new Set(objects.filter(isAbove).map(serviceOfEndpoints));
  const laid = sortGiven(objects);
  const namespaces = new Set(laid.Pod.map(({ namespace }) => namespace));
  const before = new Map(sortGiven(below).Service.map((service) => [service.key, service]));
  const isStale = ({ key, namespace, input }: GivenObject): boolean => {
    const old = before.get(key);
    if (old === undefined || !isAbove(input) || !namespaces.has(namespace)) return false;
    const sink = createSink();
    const report = sink.reporter(createSubject());
    checkEndpointsStay(input, old.input, withEndpoints, report);
    return sink.diagnostics.length > 0;
  };
  return new Set(laid.Service.filter(isStale).map(({ key }) => key));
}
