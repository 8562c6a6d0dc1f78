import { at } from "../../../diagnostics/place.ts";
import { type Cidr, cidrContains, type Family, families } from "../../../model/address.ts";
import { readBalancerTasks } from "../../../model/objects/load-balancer-annotations.ts";
import type { SourceRanges } from "../../../plan/forwarding/forwarding-plan.ts";
import { resolveSourceRanges } from "../../../plan/forwarding/resolve-service-port.ts";
import { type CheckedService, type CheckedState, isUsable, type StateRule } from "../checked-state.ts";

/** Load balancers that prepare connections for endpoints, although nodes answer for their addresses themselves. */
export const loadBalancerBypassed: StateRule = ({ services }) => {
  for (const { service, isProxied, report } of services) {
    // An ingress with a hostname or with ipMode Proxy is left to the load balancer, and is not among the addresses.
    const [vip] = service.loadBalancerIps;
    if (!isProxied || service.type !== "LoadBalancer" || vip === undefined) continue;
    for (const { task, annotation } of readBalancerTasks(service.annotations)) {
      const place = at(at(at(service.place, "metadata"), "annotations"), annotation);
      const related = [{ message: "the address", place: vip.place }];
      report("load-balancer-bypassed", place, { task, vip: vip.address.text }, { related });
    }
  }
};

/** Source ranges of a load balancer together with node ports or external IPs, to which they do not apply. */
export const sourceRangesBypassed: StateRule = ({ services }) => {
  for (const { service, isProxied, report } of services) {
    if (!isProxied || service.type !== "LoadBalancer") continue;
    const restricts = (family: Family): boolean => {
      const ranges = service.sourceRanges.filter(({ cidr }) => cidr.family === family);
      return ranges.length > 0 && ranges.every(({ cidr }) => cidr.prefix > 0);
    };
    const used = Object.keys(service.clusterIps) as Family[];
    if (!(used.length === 0 ? families : used).some(restricts)) continue;
    const nodePorts = service.ports.flatMap(({ nodePort }) => nodePort ?? []);
    const byNodePort = nodePorts.length === 0 ? [] : [`nodePort ${nodePorts.join(", ")}`];
    const ways = [...byNodePort, ...service.externalIps.map(({ address }) => `external IP ${address.text}`)];
    const place = at(at(service.place, "spec"), "loadBalancerSourceRanges");
    if (ways.length > 0) report("source-ranges-bypassed", place, { ways: ways.join(" and ") });
  }
};

/** Source ranges of load balancer addresses that leave out pods and nodes, which also use these addresses. */
export const sourceRangesWithoutCluster: StateRule = (state) => {
  for (const checked of state.services) {
    const { service, isProxied } = checked;
    if (!isProxied || service.sourceRanges.length === 0) continue;
    for (const family of families) {
      const vip = service.loadBalancerIps.find(({ address }) => address.family === family)?.address.text;
      // Without endpoints the rules reject all sources.
      if (vip !== undefined && isServed(checked, family)) checkFamily(checked, { family, vip }, state);
    }
  }
};

function isServed({ ports }: CheckedService, family: Family): boolean {
  return ports.some(({ endpoints }) => endpoints[family]?.some(({ entry }) => isUsable(entry)));
}

interface Restricted {
  readonly family: Family;
  readonly vip: string;
}

/** One source of the cluster, and whether the ranges contain it. */
interface Source {
  readonly text: string;
  readonly isIncluded: boolean;
}

function checkFamily(checked: CheckedService, { family, vip }: Restricted, state: CheckedState): void {
  const nodes = nodeSources(checked, family, state);
  const pods = podSources(checked, family, state);
  const place = at(at(checked.service.place, "spec"), "loadBalancerSourceRanges");
  const partly = [nodes, pods].find((sources) => new Set(sources.map(({ isIncluded }) => isIncluded)).size === 2);
  if (partly !== undefined) {
    const what = partly === nodes ? "nodes" : "pod ranges";
    const missing = partly.filter(({ isIncluded }) => !isIncluded).map(({ text }) => text);
    const more = missing.length > 3 ? [`${missing.length - 3} more`] : [];
    const named = [...missing.slice(0, 3), ...more].join(", ");
    checked.report("source-ranges-without-some", place, { what, missing: named, vip });
    return;
  }
  const isOut = (sources: readonly Source[]): boolean => sources.some(({ isIncluded }) => !isIncluded);
  const who = [...(isOut(pods) ? ["pods"] : []), ...(isOut(nodes) ? ["nodes"] : [])].join(" and ");
  if (who !== "") checked.report("source-ranges-without-cluster", place, { who, vip });
}

/** As the plan decides it: by the address of each node. */
function nodeSources({ service }: CheckedService, family: Family, { nodes }: CheckedState): readonly Source[] {
  return nodes.flatMap(({ name, node, ips }) => {
    const nodeIp = ips[family];
    const ranges = resolveSourceRanges(service, { family, nodeIp });
    if (ranges === undefined || node === undefined || !node.addresses.some(({ ip }) => ip.text === nodeIp.text))
      return [];
    return [{ text: `Node ${name} (${nodeIp.text})`, isIncluded: ranges.includesNode }];
  });
}

function podSources({ service }: CheckedService, family: Family, { cluster, nodes }: CheckedState): readonly Source[] {
  const [first] = nodes;
  const ranges = first && resolveSourceRanges(service, { family, nodeIp: first.ips[family] });
  if (ranges === undefined) return [];
  const { detectLocal } = cluster.proxyConfiguration;
  const ofNodes = cluster.nodes.flatMap(({ podCidrs }) => podCidrs);
  const ofCluster = detectLocal.kind === "cluster-cidr" ? detectLocal.cidrs : [];
  return (ofNodes.length > 0 ? ofNodes : ofCluster)
    .filter((cidr) => cidr.family === family)
    .map((cidr) => ({ text: cidr.text, isIncluded: isWithin(cidr, ranges) }));
}

function isWithin(pods: Cidr, { ranges }: SourceRanges): boolean {
  const first = { family: pods.family, text: pods.text.slice(0, pods.text.indexOf("/")) };
  return ranges.some(({ cidr }) => cidr.prefix <= pods.prefix && cidrContains(cidr, first));
}
