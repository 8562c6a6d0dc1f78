import { isRecord } from "../fields/fields.ts";

type Values = Readonly<Record<string, unknown>>;

/**
 * A Service laid over another, with what only a cluster fills in kept where the new one leaves it out: cluster IPs, node
 * ports, the health check port and the load balancer's status (patchAllocatedValues of the API server's update).
 */
export function keepAllocated(over: Values, base: Values): Values {
  const { spec: after, status } = over;
  const { spec: before } = base;
  if (!isRecord(after) || !isRecord(before)) return over;
  const spec = { ...after, ...clusterIps(after, before), ...nodePorts(after, before), ...healthCheck(after, before) };
  const keepsStatus = !isBalanced(status) && after.type === "LoadBalancer" && isGiven(base.status);
  return { ...over, spec, ...(keepsStatus ? { status: base.status } : {}) };
}

function clusterIps(after: Values, before: Values): Values {
  if (after.type === "ExternalName" || before.type === "ExternalName") return {};
  if (isGiven(after.clusterIP) || isGiven(after.clusterIPs)) return {};
  const keepsFamilies = !isGiven(after.ipFamilies) && !isGiven(after.ipFamilyPolicy);
  const kept = only(before, ["clusterIP", "clusterIPs", ...(keepsFamilies ? ["ipFamilies", "ipFamilyPolicy"] : [])]);
  // A change to a single family drops the second address (trimFieldsForDualStackDowngrade).
  const isSingle = after.ipFamilyPolicy === "SingleStack" && Array.isArray(kept.clusterIPs);
  return isSingle ? { ...kept, clusterIPs: (kept.clusterIPs as readonly unknown[]).slice(0, 1) } : kept;
}

function nodePorts(after: Values, before: Values): Values {
  if (!hasNodePorts(after) || !hasNodePorts(before)) return {};
  if (!Array.isArray(after.ports) || !Array.isArray(before.ports)) return {};
  const known: readonly Values[] = before.ports.filter(isRecord).filter(({ nodePort }) => isGiven(nodePort));
  const used = new Set(after.ports.filter(isRecord).map(({ nodePort }) => nodePort));
  const fill = (keyOf: (port: Values) => string) => (port: unknown) => {
    if (!isRecord(port) || isGiven(port.nodePort)) return port;
    const { nodePort } = known.find((one) => keyOf(one) === keyOf(port)) ?? {};
    if (nodePort === undefined || used.has(nodePort)) return port;
    used.add(nodePort);
    return { ...port, nodePort };
  };
  // kubectl merges the ports of one number; of the others the API server fills in those of one name.
  return { ports: after.ports.map(fill(portKey)).map(fill(({ name }) => String(name ?? ""))) };
}

/** What prints manifests writes 'loadBalancer: {}' into each. */
function isBalanced(status: unknown): boolean {
  const balancer = isRecord(status) ? status.loadBalancer : undefined;
  return isRecord(balancer) && Array.isArray(balancer.ingress) && balancer.ingress.length > 0;
}

function healthCheck(after: Values, before: Values): Values {
  const hasOne = ({ type, externalTrafficPolicy }: Values): boolean =>
    type === "LoadBalancer" && externalTrafficPolicy === "Local";
  if (!hasOne(after) || !hasOne(before) || isGiven(after.healthCheckNodePort)) return {};
  return only(before, ["healthCheckNodePort"]);
}

function hasNodePorts({ type }: Values): boolean {
  return type === "NodePort" || type === "LoadBalancer";
}

function portKey({ port, protocol }: Values): string {
  return `${String(port)}/${String(protocol ?? "TCP")}`;
}

function only(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(keys.filter((key) => isGiven(values[key])).map((key) => [key, values[key]]));
}

/** The API server takes nothing, null, an empty text and 0 for the same. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== 0;
}
