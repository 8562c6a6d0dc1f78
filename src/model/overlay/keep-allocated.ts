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
  const keepsStatus = !isGiven(status) && after.type === "LoadBalancer" && isGiven(base.status);
  return { ...over, spec, ...(keepsStatus ? { status: base.status } : {}) };
}

function clusterIps(after: Values, before: Values): Values {
  if (after.type === "ExternalName" || before.type === "ExternalName") return {};
  if (isGiven(after.clusterIP) || isGiven(after.clusterIPs)) return {};
  const keepsFamilies = !isGiven(after.ipFamilies) && !isGiven(after.ipFamilyPolicy);
  return only(before, ["clusterIP", "clusterIPs", ...(keepsFamilies ? ["ipFamilies", "ipFamilyPolicy"] : [])]);
}

function nodePorts(after: Values, before: Values): Values {
  if (!hasNodePorts(after) || !hasNodePorts(before)) return {};
  if (!Array.isArray(after.ports) || !Array.isArray(before.ports)) return {};
  const known = new Map<string, unknown>();
  for (const port of before.ports)
    if (isRecord(port) && isGiven(port.nodePort)) known.set(portKey(port), port.nodePort);
  const ports = after.ports.map((port: unknown) => {
    const nodePort = isRecord(port) && !isGiven(port.nodePort) ? known.get(portKey(port)) : undefined;
    return nodePort === undefined ? port : { ...(port as Values), nodePort };
  });
  return { ports };
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
