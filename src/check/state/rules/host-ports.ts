import { createSubject, type Report, type Sink } from "../../../diagnostics/diagnostic.ts";
import { at, type Place } from "../../../diagnostics/place.ts";
import { familyNames, isLoopback } from "../../../model/address.ts";
import { compareBytes } from "../../../model/fields/name-map.ts";
import { groupBy } from "../../../model/group-by.ts";
import type { Vip } from "../../../model/objects/service.ts";
import { effectOfNoAddress, isUnspecified, strictIp } from "../../../plan/hostports/resolve-host-ports.ts";
import type { CheckedService, CheckedState, StateRule } from "../checked-state.ts";
import type { ContainerPort, PodSource } from "../pod-sources.ts";

/** Node ports and health check ports that are also host ports of containers. */
export const hostPortShared: StateRule = (state) => {
  const claimed = groupBy(state.pods.flatMap(claimsOf), ({ port }) => spelled(port));
  if (claimed.size === 0) return;
  for (const checked of state.services) {
    const { service, isProxied } = checked;
    if (!isProxied) continue;
    for (const { port } of checked.ports) {
      if (port.nodePort === undefined) continue;
      const claims = claimed.get(`${port.nodePort}/${port.protocol}`);
      tell(checked, at(port.place, "nodePort"), ["nodePort", port.nodePort, port.protocol], claims);
    }
    const health = service.healthCheckNodePort;
    const place = at(at(service.place, "spec"), "healthCheckNodePort");
    tell(checked, place, ["healthCheckNodePort", health ?? 0, "TCP"], claimed.get(`${health}/TCP`));
  }
};

function tell(
  { report }: CheckedService,
  place: Place,
  [field, port, protocol]: readonly [string, number, string],
  claims: readonly Claim[] | undefined,
): void {
  const [first] = claims ?? [];
  if (first === undefined) return;
  const claim = first.pod.hostNetwork ? "a hostNetwork port" : "the hostPort";
  const related = [{ message: "used", place: first.port.place }];
  report("host-port-shared", place, { field, port, protocol, claim, pod: first.pod.object }, { related });
}

/** A host port, and the pod that claims it. */
interface Claim {
  readonly pod: PodSource;
  readonly port: ContainerPort & { readonly hostPort: number };
}

/** What is wrong with the host ports of pods themselves: who gets none of the traffic. */
export const hostPortsOfPods: StateRule = (state, sink) => {
  const claims = state.pods.filter(({ isIdle }) => !isIdle).flatMap(claimsOf);
  if (claims.length === 0) return;
  for (const claim of claims) {
    const report = reporterOf(claim.pod, sink);
    checkSidecar(claim, report);
    checkRange(claim, state, report);
    checkHostIp(claim, state, report);
  }
  checkTaken(claims, sink);
};

function claimsOf(pod: PodSource): readonly Claim[] {
  return pod.ports.flatMap((port) =>
    port.hostPort === undefined ? [] : [{ pod, port: { ...port, hostPort: port.hostPort } }],
  );
}

function reporterOf({ object }: PodSource, sink: Sink): Report {
  const [, kind = "", namespace = "", name = ""] = /^(\S+) ([^/]*)\/(.*)$/.exec(object) ?? [];
  return sink.reporter(createSubject(kind, namespace, name));
}

/** The kubelet maps the ports of spec.containers alone; the scheduler reserves those of sidecars as well. */
function checkSidecar({ pod, port }: Claim, report: Report): void {
  if (!port.isOfSidecar || pod.hostNetwork) return;
  report("host-port-sidecar-unmapped", at(port.place, "hostPort"), { port: spelled(port) });
}

function checkRange({ pod, port }: Claim, { nodePortRange: { first, last } }: CheckedState, report: Report): void {
  if (pod.hostNetwork || port.hostPort < first || port.hostPort > last) return;
  report("host-port-in-node-port-range", at(port.place, "hostPort"), {
    port: spelled(port),
    range: `${first}-${last}`,
  });
}

function checkHostIp({ pod, port }: Claim, { cluster }: CheckedState, report: Report): void {
  const { hostIp } = port;
  if (hostIp === "" || pod.hostNetwork || port.isOfSidecar) return;
  const place = at(port.place, "hostIP");
  const ip = strictIp(hostIp);
  const families = new Set(pod.addresses.map((address) => (address.includes(":") ? "ipv6" : "ipv4")));
  if (ip === undefined) report("host-ip-invalid", place, { hostIp, effect: effectOfNoAddress(families.has("ipv6")) });
  else if (families.size > 0 && !families.has(ip.family))
    report("host-ip-family", place, {
      hostIp,
      effect: `the pod has no ${familyNames[ip.family]} address, so the port is not mapped`,
    });
  else if (isUnspecified(ip) && families.size > 1) {
    const other = familyNames[ip.family === "ipv4" ? "ipv6" : "ipv4"];
    report("host-ip-family", place, { hostIp, effect: `the port does not answer on the node's ${other} addresses` });
  } else if (!isUnspecified(ip) && !isLoopback(ip)) {
    const addresses = cluster.nodes.find(({ name }) => name === pod.node)?.addresses ?? [];
    const isForeign = addresses.length > 0 && !addresses.some((address) => address.ip.text === ip.text);
    if (isForeign) report("host-ip-not-on-node", place, { hostIp, node: pod.node });
  }
}

/** On one node, in the order in which pods started: the first has the port. */
function checkTaken(claims: readonly Claim[], sink: Sink): void {
  const mapped = claims.filter(({ pod, port }) => pod.node !== undefined && (pod.hostNetwork || !port.isOfSidecar));
  const byPort = groupBy(mapped, ({ pod, port }) => `${pod.node} ${spelled(port)}`);
  for (const same of byPort.values()) {
    const ordered = [...same].sort(byStart);
    ordered.forEach((claim, index) => {
      const first = ordered
        .slice(0, index)
        .find((other) => other.pod !== claim.pod && overlaps(other.port, claim.port));
      if (first !== undefined) reportTaken(first, claim, sink);
    });
  }
}

function byStart(a: Claim, b: Claim): number {
  const [one, other] = [a.pod.startTime || "~", b.pod.startTime || "~"];
  return compareBytes(one, other) || compareBytes(a.pod.object, b.pod.object);
}

function overlaps(a: ContainerPort, b: ContainerPort): boolean {
  const [one, other] = [familyAndAddress(a.hostIp), familyAndAddress(b.hostIp)];
  if (one.family !== undefined && other.family !== undefined && one.family !== other.family) return false;
  return one.address === undefined || other.address === undefined || one.address === other.address;
}

/** Undefined: any. */
function familyAndAddress(hostIp: string): {
  readonly family: string | undefined;
  readonly address: string | undefined;
} {
  const ip = strictIp(hostIp);
  return { family: ip?.family, address: ip === undefined || isUnspecified(ip) ? undefined : ip.text };
}

function reportTaken(first: Claim, second: Claim, sink: Sink): void {
  const [host, mapped] = first.pod.hostNetwork ? [first, second] : [second, first];
  const related = (message: string, { port }: Claim) => ({ related: [{ message, place: at(port.place, "hostPort") }] });
  if (host.pod.hostNetwork && !mapped.pod.hostNetwork) {
    const parameters = { port: spelled(host.port), node: host.pod.node, pod: mapped.pod.object };
    const place = at(host.port.place, "containerPort");
    reporterOf(host.pod, sink)("host-port-host-network", place, parameters, related("mapped", mapped));
    return;
  }
  const loss = second.pod.hostNetwork ? "cannot listen on it" : "gets nothing by it";
  const parameters = { port: spelled(second.port), node: second.pod.node, pod: first.pod.object, loss };
  const place = at(second.port.place, second.pod.hostNetwork ? "containerPort" : "hostPort");
  reporterOf(second.pod, sink)("host-port-taken", place, parameters, related("taken", first));
}

function spelled({ hostPort, protocol }: ContainerPort): string {
  return `${hostPort}/${protocol}`;
}

/** Services that answer on a node's own addresses at a host port, and cluster IPs that a host port answers on. */
export const hostPortsBesideServices: StateRule = (state, sink) => {
  const claims = state.pods
    .filter(({ isIdle, hostNetwork }) => !isIdle && !hostNetwork)
    .flatMap(claimsOf)
    .filter(({ port }) => !port.isOfSidecar);
  if (claims.length === 0) return;
  const onNodes = new Set(state.nodes.flatMap(({ hostAddresses }) => hostAddresses.map(({ text }) => text)));
  for (const checked of state.services) {
    if (!checked.isProxied) continue;
    const { service } = checked;
    for (const vip of [...service.externalIps, ...service.loadBalancerIps])
      if (onNodes.has(vip.address.text)) checkVip(checked, vip, claims);
  }
  if (state.program.kernel !== undefined) for (const claim of claims) reportCaptured(claim, state, sink);
};

function checkVip({ service, ports, report }: CheckedService, { address, place }: Vip, claims: readonly Claim[]): void {
  for (const { port } of ports) {
    const claim = claims.find(({ port: one }) => one.hostPort === port.port && one.protocol === port.protocol);
    if (claim === undefined) continue;
    const parameters = { address: address.text, port: spelled(claim.port), pod: claim.pod.object };
    const related = { related: [{ message: "mapped", place: at(claim.port.place, "hostPort") }] };
    report("host-port-on-node-address-service", place, parameters, related);
    const isRanged = service.sourceRanges.length > 0 && service.loadBalancerIps.some((one) => one.place === place);
    if (isRanged) report("host-port-behind-source-ranges", port.place, parameters, related);
  }
}

/** Cluster IPs are addresses of the node where virtual servers need them so. */
function reportCaptured({ pod, port }: Claim, { services }: CheckedState, sink: Sink): void {
  const others = services.filter(
    ({ service, isProxied }) =>
      isProxied && !service.ports.some((one) => one.port === port.hostPort && one.protocol === port.protocol),
  );
  if (others.length === 0 || port.hostIp !== "") return;
  const parameters = { port: spelled(port), count: others.length };
  reporterOf(pod, sink)("host-port-captures-cluster-ips", at(port.place, "hostPort"), parameters);
}
