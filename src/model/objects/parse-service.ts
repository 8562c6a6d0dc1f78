import { at } from "../../diagnostics/place.ts";
import type { Family } from "../address.ts";
import {
  booleanField,
  checkKnownFields,
  type Fields,
  holdsAny,
  integerField,
  placeOf,
  recordField,
  textField,
} from "../fields/fields.ts";
import { checkQualifiedName, isDnsLabel, isDnsSubdomain, parseLabels, parseObjectName } from "../fields/names.ts";
import { oneOf, parseLegacyCidr } from "../fields/parse-addresses.ts";
import {
  parseClusterIps,
  parseExternalIps,
  parseLoadBalancerIps,
  parseSourceRanges,
} from "./parse-service-addresses.ts";
import { parseServicePorts } from "./parse-service-ports.ts";
import { proxyNameLabel, type Service, type ServiceType, type SessionAffinity, type TrafficPolicy } from "./service.ts";

const specFields = new Set(
  (
    "type clusterIP clusterIPs ipFamilies ipFamilyPolicy ports selector externalIPs externalName sessionAffinity " +
    "sessionAffinityConfig internalTrafficPolicy externalTrafficPolicy healthCheckNodePort loadBalancerIP " +
    "loadBalancerSourceRanges loadBalancerClass allocateLoadBalancerNodePorts publishNotReadyAddresses trafficDistribution"
  ).split(" "),
);

const serviceTypes: readonly ServiceType[] = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"];
const policies: readonly TrafficPolicy[] = ["Cluster", "Local"];
const longestAffinity = 86_400;
const defaultAffinity = 10_800;

/**
 * Reads a v1 Service, with the API server's defaults and checks (ValidateServiceCreate of Kubernetes 1.36).
 * Undefined only when it has no name; otherwise problems are reported and the Service is what could be read.
 */
export function parseService(fields: Fields): Service | undefined {
  const name = parseObjectName(fields, {
    namespaced: true,
    isName: isDnsLabel,
    shape: "lower case letters, digits and '-' only (RFC 1123 label)",
  });
  if (name === undefined) return undefined;
  const spec = recordField(fields, "spec") ?? { value: {}, place: at(fields.place, "spec"), report: fields.report };
  checkKnownFields(spec, specFields);
  const type = oneOf(spec, "type", emptyAsMissing(textField(spec, "type")), serviceTypes) ?? "ClusterIP";
  checkUnreadFields(spec, type);
  checkServiceAnnotations(fields, name.annotations, type);
  const { clusterIps, headless } = parseClusterIps(spec, type);
  const externalIps = parseExternalIps(spec);
  const reachable = isReachableFromOutside(type, externalIps.length > 0);
  const externalTrafficPolicy = parseExternalTrafficPolicy(spec, reachable);
  if (type === "ExternalName") checkExternalName(spec);
  if (Object.hasOwn(name.labels, proxyNameLabel))
    fields.report("service-other-proxy", at(fields.place, "metadata"), {});
  const families = Object.keys(clusterIps) as Family[];
  // Spelled out: a spread object of this size is kept as a hash table, at ten times the cost.
  return {
    namespace: name.namespace,
    name: name.name,
    labels: name.labels,
    annotations: name.annotations,
    place: name.place,
    type,
    clusterIps,
    headless,
    externalIps,
    loadBalancerIps: parseLoadBalancerIps(fields, type),
    sourceRanges: parseSourceRanges(spec, type, families),
    ports: parseServicePorts(spec, type, headless),
    affinity: parseAffinity(spec),
    internalTrafficPolicy:
      oneOf(spec, "internalTrafficPolicy", textField(spec, "internalTrafficPolicy"), policies) ?? "Cluster",
    externalTrafficPolicy,
    healthCheckNodePort: parseHealthCheckNodePort(spec, type, externalTrafficPolicy),
  };
}

/** ExternallyAccessible of k8s.io/kubernetes/pkg/api/v1/service. */
function isReachableFromOutside(type: ServiceType, hasExternalIps: boolean): boolean {
  return type === "NodePort" || type === "LoadBalancer" || (type === "ClusterIP" && hasExternalIps);
}

function parseExternalTrafficPolicy(spec: Fields, reachable: boolean): TrafficPolicy {
  const policy = oneOf(
    spec,
    "externalTrafficPolicy",
    emptyAsMissing(textField(spec, "externalTrafficPolicy")),
    policies,
  );
  if (policy === undefined || reachable) return policy ?? "Cluster";
  spec.report("service-field-forbidden", placeOf(spec, "externalTrafficPolicy"), {
    field: "externalTrafficPolicy",
    whom: "Services that can be reached from outside",
  });
  return "Cluster";
}

function parseAffinity(spec: Fields): SessionAffinity | undefined {
  const kind = oneOf(spec, "sessionAffinity", emptyAsMissing(textField(spec, "sessionAffinity")), ["None", "ClientIP"]);
  const config = recordField(spec, "sessionAffinityConfig");
  const clientIp = config === undefined ? undefined : recordField(config, "clientIP");
  const timeout = clientIp === undefined ? undefined : integerField(clientIp, "timeoutSeconds");
  if (kind !== "ClientIP") return undefined;
  if (clientIp !== undefined && timeout !== undefined && (timeout < 1 || timeout > longestAffinity)) {
    spec.report("affinity-timeout-out-of-range", placeOf(clientIp, "timeoutSeconds"), { got: timeout });
  }
  return { timeoutSeconds: timeout ?? defaultAffinity };
}

function parseHealthCheckNodePort(spec: Fields, type: ServiceType, policy: TrafficPolicy): number | undefined {
  const port = integerField(spec, "healthCheckNodePort") ?? 0;
  if (port === 0 && type !== "LoadBalancer") return undefined;
  const place = placeOf(spec, "healthCheckNodePort");
  if (type !== "LoadBalancer" || policy !== "Local") {
    const whom = "LoadBalancer Services with externalTrafficPolicy Local";
    if (port !== 0) spec.report("service-field-forbidden", place, { field: "healthCheckNodePort", whom });
    return undefined;
  }
  if (port === 0) spec.report("health-check-node-port-missing", spec.place, {}, { caret: "key" });
  else if (port < 1 || port > 65_535)
    spec.report("port-out-of-range", place, { field: "healthCheckNodePort", got: port });
  return port === 0 ? undefined : port;
}

function checkExternalName(spec: Fields): void {
  const target = (textField(spec, "externalName") ?? "").replace(/\.$/, "");
  if (!isDnsSubdomain(target)) spec.report("external-name-invalid", placeOf(spec, "externalName"), {});
}

function emptyAsMissing(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}

const distributions = ["PreferClose", "PreferSameZone", "PreferSameNode"] as const;
const unread = new Set(
  (
    "externalName loadBalancerIP publishNotReadyAddresses trafficDistribution loadBalancerClass " +
    "allocateLoadBalancerNodePorts"
  ).split(" "),
);
const balancers = "LoadBalancer Services";

/** The fields of a Service's spec that make no rules, but that the API server checks. */
function checkUnreadFields(spec: Fields, type: ServiceType): void {
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
function checkServiceAnnotations(
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
