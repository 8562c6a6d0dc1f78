import { at } from "../../diagnostics/place.ts";
import { booleanField, type Fields, holdsAny, placeOf, recordField, textField } from "../fields/fields.ts";
import { checkQualifiedName, parseLabels } from "../fields/names.ts";
import { oneOf, parseLegacyCidr } from "../fields/parse-addresses.ts";
import type { ServiceType } from "./service.ts";

const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"] as const;
const unread = new Set(
  (
    "externalName loadBalancerIP publishNotReadyAddresses trafficDistribution loadBalancerClass " +
    "allocateLoadBalancerNodePorts"
  ).split(" "),
);
const balancers = "LoadBalancer Services";

/** The fields of a Service's spec that make no rules, but that the API server checks. */
export function checkUnreadFields(spec: Fields, type: ServiceType): void {
  parseLabels(spec, "selector");
  if (!holdsAny(spec, unread)) return;
  textField(spec, "externalName");
  textField(spec, "loadBalancerIP");
  booleanField(spec, "publishNotReadyAddresses");
  oneOf(spec, "trafficDistribution", textField(spec, "trafficDistribution"), distributions);
  checkQualifiedName(spec, "loadBalancerClass", textField(spec, "loadBalancerClass"));
  if (type === "LoadBalancer") return;
  for (const field of ["loadBalancerClass", "allocateLoadBalancerNodePorts"]) {
    if ((spec.value[field] ?? undefined) === undefined) continue;
    spec.report("service-field-forbidden", placeOf(spec, field), { field, whom: balancers });
  }
}

const sourceRanges = "service.beta.kubernetes.io/load-balancer-source-ranges";
const topologyMode = "service.kubernetes.io/topology-mode";
const topologyHints = "service.kubernetes.io/topology-aware-hints";

/** The annotations that validateService looks at. */
export function checkServiceAnnotations(
  service: Fields,
  annotations: Readonly<Record<string, string>>,
  type: ServiceType,
): void {
  const { [topologyMode]: mode, [topologyHints]: hints, [sourceRanges]: ranges } = annotations;
  if (mode === undefined && ranges === undefined) return;
  const place = at(at(service.place, "metadata"), "annotations");
  if (mode !== undefined && hints !== undefined && mode !== hints) {
    service.report("topology-annotations-differ", at(place, topologyMode), {});
  }
  const spec = recordField({ ...service, report: () => {} }, "spec")?.value ?? {};
  const isOverridden = Array.isArray(spec.loadBalancerSourceRanges) && spec.loadBalancerSourceRanges.length > 0;
  if (ranges === undefined || isOverridden) return;
  const here = at(place, sourceRanges);
  if (type !== "LoadBalancer") {
    service.report("service-field-forbidden", here, { field: sourceRanges, whom: balancers });
  }
  if (ranges.trim() === "") return;
  for (const range of ranges.split(",")) parseLegacyCidr(service, { value: range.trim(), place: here });
}
