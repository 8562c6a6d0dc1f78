import { describeSubject, type Sink } from "../diagnostics/diagnostic.ts";
import { at, type Place } from "../diagnostics/place.ts";
import type { Family } from "./address.ts";
import { compareBytes } from "./fields/name-map.ts";
import { isProxied, type Service, type ServicePort, type Vip } from "./objects/service.ts";
import type { Read } from "./read-objects.ts";

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const defaultNodePortRange: PortRange = { first: 30_000, last: 32_767 };

interface Claim {
  readonly owner: Read<Service>;
  readonly place: Place;
  /** Undefined for a health check port, which shares with nothing. */
  readonly port: ServicePort | undefined;
}

/**
 * A node port belongs to one Service, whatever its protocol. Its own ports may share it: of one number in a new Service,
 * of any number in one that is changed. Source: initNodePorts and updateNodePorts of the API server's allocator
 * (pkg/registry/core/service/storage).
 */
export function checkNodePortClashes(services: readonly Read<Service>[], range: PortRange, sink: Sink): void {
  const claims = new Map<number, Claim>();
  const rangeText = `${range.first}-${range.last}`;
  const claim = (number: number, made: Claim): void => {
    const report = sink.reporter(made.owner.subject);
    const earlier = claims.get(number);
    if (earlier === undefined) claims.set(number, made);
    else if (!mayShare(earlier, made)) {
      const related = [{ message: "first use", place: earlier.place }];
      const hint = `choose another port in ${rangeText}, or remove the field`;
      report(
        "node-port-taken",
        made.place,
        { port: number, owner: describeSubject(earlier.owner.subject) },
        { related, hint },
      );
    }
    if (number < range.first || number > range.last) {
      report("node-port-out-of-range", made.place, { got: number, range: rangeText });
    }
  };
  for (const owner of services) {
    for (const port of owner.object.ports) {
      if (port.nodePort !== undefined) claim(port.nodePort, { owner, place: at(port.place, "nodePort"), port });
    }
    const health = owner.object.healthCheckNodePort;
    if (health === undefined) continue;
    claim(health, { owner, place: at(at(owner.object.place, "spec"), "healthCheckNodePort"), port: undefined });
  }
}

function mayShare(a: Claim, b: Claim): boolean {
  if (a.owner !== b.owner || a.port === undefined || b.port === undefined) return false;
  return a.port.port === b.port.port || a.port.protocol !== b.port.protocol;
}

interface Holder {
  readonly owner: Read<Service>;
  readonly vip: Vip;
}

/** One cluster IP for two Services is refused; other shared addresses are warned about on the later in name order. */
export function checkAddressClashes(services: readonly Read<Service>[], sink: Sink): void {
  const clusterIps = checkClusterIps(services, sink);
  const outside = new Map<string, Holder[]>();
  for (const owner of services) {
    const { externalIps, loadBalancerIps } = owner.object;
    if (externalIps.length + loadBalancerIps.length === 0 || !isProxied(owner.object)) continue;
    for (const vip of [...externalIps, ...loadBalancerIps]) {
      const holders = outside.get(vip.address.text);
      if (holders === undefined) outside.set(vip.address.text, [{ owner, vip }]);
      else holders.push({ owner, vip });
    }
  }
  for (const [ip, holders] of outside) {
    const holder = clusterIps.get(ip);
    const all = holder === undefined ? holders : [holder, ...holders];
    if (all.length > 1) reportSharedPorts(all, sink);
  }
}

/** Services may share an address as long as their ports differ. */
function reportSharedPorts(holders: readonly Holder[], sink: Sink): void {
  const first = new Map<string, Read<Service>>();
  for (const { owner, vip } of [...holders].sort((a, b) => compareServices(a.owner.object, b.owner.object))) {
    for (const port of owner.object.ports) {
      const key = `${vip.address.text} port ${port.port}/${port.protocol}`;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, owner);
      else if (earlier !== owner) {
        const parameters = { vip: key, owner: describeSubject(earlier.subject) };
        sink.reporter(owner.subject)("vip-shared", vip.place, parameters);
      }
    }
  }
}

function checkClusterIps(services: readonly Read<Service>[], sink: Sink): ReadonlyMap<string, Holder> {
  const holders = new Map<string, Holder>();
  for (const owner of services) {
    const { clusterIps } = owner.object;
    for (const family in clusterIps) {
      const vip = clusterIps[family as Family] as Vip;
      const earlier = holders.get(vip.address.text);
      if (earlier === undefined) holders.set(vip.address.text, { owner, vip });
      else {
        const related = [{ message: "first use", place: earlier.vip.place }];
        const parameters = { ip: vip.address.text, owner: describeSubject(earlier.owner.subject) };
        sink.reporter(owner.subject)("cluster-ip-taken", vip.place, parameters, { related });
      }
    }
  }
  return holders;
}

function compareServices(a: Service, b: Service): number {
  return compareBytes(a.namespace, b.namespace) || compareBytes(a.name, b.name);
}
