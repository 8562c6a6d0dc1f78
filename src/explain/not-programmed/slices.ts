import { at, originOf, type Place } from "../../diagnostics/place.ts";
import { familyNames } from "../../model/address.ts";
import { type EndpointSlice, placeOfEndpoint } from "../../model/objects/endpoint-slice.ts";
import type { Service, ServicePort } from "../../model/objects/service.ts";
import type { Endpoint, ServicePortPlan } from "../../plan/forwarding/forwarding-plan.ts";
import { servicePortName } from "../../plan/forwarding/resolve-service-port.ts";
import type { NodeFacts, NotProgrammed, OmissionReason } from "./not-programmed.ts";

/** EndpointSlices, or ports of them, that contribute nothing to a Service. */
export function sliceOmissions(service: Service, node: NodeFacts): readonly NotProgrammed[] {
  const slices = slicesOf(service, node);
  const orphans = node.cluster.slices.filter((slice) => isOrphanOf(slice, service));
  const labelled = orphans.map((slice) => {
    const why = `its name suggests this Service, but it has no label kubernetes.io/service-name: ${service.name}`;
    return omit("slice-without-label", slice, why, at(slice.place, "metadata"));
  });
  if (slices.length === 0) {
    const why = `no EndpointSlice has the label kubernetes.io/service-name: ${service.name}`;
    const origin = originOf(service.place);
    return [{ reason: "no-slices", port: undefined, what: "every endpoint", why, origin }, ...labelled];
  }
  return [
    ...slices.flatMap((slice) => wholeSlice(slice, service) ?? portsOfSlice(slice, service)),
    ...service.ports.flatMap((port) => missingPort(service, port, slices)),
    ...labelled,
  ];
}

/** The slices of a Service, including those that kube-proxy ignores. */
export function slicesOf({ namespace, name }: Service, { cluster }: NodeFacts): readonly EndpointSlice[] {
  return cluster.slices.filter((slice) => slice.namespace === namespace && slice.service === name);
}

function isOrphanOf(slice: EndpointSlice, { namespace, name }: Service): boolean {
  return slice.service === undefined && slice.namespace === namespace && slice.name.startsWith(`${name}-`);
}

function omit(reason: OmissionReason, slice: EndpointSlice, why: string, place: Place): NotProgrammed {
  const what = `${slice.source} ${slice.namespace}/${slice.name}`;
  return { reason, port: undefined, what, why, origin: originOf(place) };
}

/** Why kube-proxy ignores the slice. */
function wholeSlice(slice: EndpointSlice, service: Service): readonly NotProgrammed[] | undefined {
  const labels = at(at(slice.place, "metadata"), "labels");
  if (slice.headless) {
    const why = "kube-proxy ignores slices with the label service.kubernetes.io/headless";
    return [omit("slice-headless", slice, why, at(labels, "service.kubernetes.io/headless"))];
  }
  const type = at(slice.place, "addressType");
  if (slice.family === undefined) {
    return [omit("slice-fqdn", slice, "kube-proxy ignores slices of addressType FQDN", type)];
  }
  if (service.clusterIps[slice.family] === undefined) {
    // The API's mirror of Endpoints gives empty slices of the other family.
    if (slice.endpoints.length === 0 && slice.source === "Endpoints") return [];
    const why = `the Service has no cluster IP of its family, ${familyNames[slice.family]}`;
    return [omit("slice-other-family", slice, why, type)];
  }
  if (slice.endpoints.length > 0) return undefined;
  return slice.source === "Endpoints" ? [] : [omit("slice-empty", slice, "it has no endpoints", slice.endpointsPlace)];
}

function portsOfSlice(slice: EndpointSlice, service: Service): readonly NotProgrammed[] {
  const what = (name: string): string => `port ${name || "without a name"} of ${slice.source} ${slice.name}`;
  return slice.ports.flatMap(({ name, protocol, port, place }): readonly NotProgrammed[] => {
    const omission = { port: undefined, what: what(name), origin: originOf(place) };
    if (port === undefined) return [{ ...omission, reason: "slice-port-without-number", why: "it has no number" }];
    if (service.ports.some((ours) => ours.name === name && ours.protocol === protocol)) return [];
    const why = `the Service has no ${protocol} port ${name === "" ? "without a name" : `named ${name}`}`;
    return [{ ...omission, reason: "slice-port-unknown", why }];
  });
}

/** A port name that no slice contains: a named target port that no container has, or a slice written by hand. */
function missingPort(service: Service, port: ServicePort, slices: readonly EndpointSlice[]): readonly NotProgrammed[] {
  const read = slices.filter((slice) => !slice.headless && slice.endpoints.length > 0);
  if (read.length === 0) return [];
  const ports = read.flatMap((slice) => slice.ports);
  if (ports.some(({ name, protocol }) => name === port.name && protocol === port.protocol)) return [];
  const there = [...new Set(ports.map(({ name, protocol }) => `${name || "(no name)"}/${protocol}`))].sort();
  const wanted = `${port.name || "(no name)"}/${port.protocol}`;
  const why = `no EndpointSlice has a port ${wanted}; existing ports: ${there.length === 0 ? "none" : there.join(", ")}`;
  const name = servicePortName(service, port);
  return [{ reason: "port-missing-in-slices", port: name, what: "every endpoint", why, origin: originOf(port.place) }];
}

/** Entries that are overridden by another with the same address and port (`mergeEqualTargets` of plan/). */
export function duplicateOmissions(plan: ServicePortPlan, slices: readonly EndpointSlice[]): readonly NotProgrammed[] {
  return plan.endpoints.all.flatMap((kept) =>
    slices.flatMap((slice) =>
      slice.endpoints
        .filter((entry) => entry !== kept.entry && isSameTarget(plan, kept, slice, entry))
        .map((entry) => ({
          reason: "endpoint-duplicate" as const,
          port: plan.name,
          what: `endpoint ${kept.target} of ${slice.source} ${slice.name}`,
          why: `${kept.slice.source} ${kept.slice.name} also lists it and takes precedence`,
          origin: originOf(placeOfEndpoint(slice, entry)),
        })),
    ),
  );
}

function isSameTarget(
  { port }: ServicePortPlan,
  kept: Endpoint,
  slice: EndpointSlice,
  { ip }: EndpointSlice["endpoints"][number],
): boolean {
  if (slice.headless || slice.family !== kept.slice.family || ip !== kept.entry.ip) return false;
  const number = Number(kept.target.slice(kept.target.lastIndexOf(":") + 1));
  return slice.ports.some((its) => its.name === port.name && its.protocol === port.protocol && its.port === number);
}
