import { intersect, isEmpty, parseAddressSet, sameSet, unite } from "../datapath/address-set.ts";
import type { Part } from "../datapath/classes.ts";
import { isDelivered, isRefused, isUntouched, targets } from "../diff/classify-change.ts";
import { compareBytes } from "../model/fields/name-map.ts";
import type { Service } from "../model/objects/service.ts";
import { usedFamilies } from "../plan/forwarding/node-view.ts";
import type { Evidence } from "./evidence.ts";
import { isAtClusterIp, serviceOf, type TrafficRule } from "./rule.ts";

const isLoopback = ({ destination: { address } }: Evidence): boolean => address === "::1" || address.startsWith("127.");

/** Before the other rules: on loopback addresses nothing but node ports answers. */
export const nodePortsOnLoopback: TrafficRule = {
  kind: "traffic",
  code: "migrate-node-ports-loopback",
  explains: (evidence) => isLoopback(evidence),
};

export const nodePortsOnPrimaryAddress: TrafficRule = {
  kind: "traffic",
  code: "migrate-node-ports-primary-address",
  explains: ({ destination, node, difference }, { pairs }) => {
    const own = pairs.find(({ head }) => head.name === node)?.head.world.nodeAddresses ?? [];
    const isNodePort = destination.kind === "node-port" || own.includes(destination.address);
    return isNodePort && difference.now.every(isUntouched) && difference.was.some((part) => !isUntouched(part));
  },
  details: (found) => {
    const nodesOf = new Map<string, Set<string>>();
    for (const { destination, node, difference } of found) {
      if (!difference.was.some(isDelivered)) continue;
      const nodes = nodesOf.get(destination.address) ?? new Set();
      nodesOf.set(destination.address, nodes.add(node));
    }
    return [...nodesOf]
      .sort(([a], [b]) => compareBytes(a, b))
      .map(([address, nodes]) => `${address} of ${[...nodes].join(", ")}`);
  },
  configuration: (_, { cluster }) => {
    const used = new Set(cluster.nodes.flatMap((node) => usedFamilies(cluster, node)));
    const value = [...(used.has("ipv4") ? ["0.0.0.0/0"] : []), ...(used.has("ipv6") ? ["::/0"] : [])];
    return [{ path: ["nodePortAddresses"], value }];
  },
};

const isDropped = ({ outcome }: Part): boolean => outcome.verdict.kind === "dropped";

/** Packets from outside of all ranges, to an address that has them. */
export const sourceRanges: TrafficRule = {
  kind: "traffic",
  code: "migrate-source-ranges",
  explains: (evidence, facts) => {
    const service = serviceOf(evidence, facts);
    const { address } = evidence.destination;
    if (service?.loadBalancerIps.some((vip) => vip.address.text === address) !== true) return false;
    return service.sourceRanges.length > 0 && !isWithin(evidence, service);
  },
};

function isWithin({ difference: { sources } }: Evidence, { sourceRanges }: Service): boolean {
  const sets = sourceRanges.map(({ cidr }) => parseAddressSet(cidr.text)).filter((set) => set?.bits === sources.bits);
  return !isEmpty(
    intersect(
      sources,
      unite(
        sets.flatMap((set) => set ?? []),
        sources.bits,
      ),
    ),
  );
}

export const localPolicyDrops: TrafficRule = {
  kind: "traffic",
  code: "migrate-local-policy-drops",
  explains: (evidence, facts) => {
    const { was, now } = evidence.difference;
    return now.every(isDropped) && !was.some(isUntouched) && hasLocalPolicy(serviceOf(evidence, facts));
  },
};

export const localPolicyInCluster: TrafficRule = {
  kind: "traffic",
  code: "migrate-local-policy-in-cluster",
  explains: (evidence, facts) => {
    const { was, now } = evidence.difference;
    const isLocal = serviceOf(evidence, facts)?.externalTrafficPolicy === "Local" && !isAtClusterIp(evidence, facts);
    return isLocal && !facts.traits.shortCircuitsLocal && was.every(isDelivered) && now.every(isDelivered);
  },
};

function hasLocalPolicy(service: Service | undefined): boolean {
  return service?.externalTrafficPolicy === "Local" || service?.internalTrafficPolicy === "Local";
}

const isRejected = ({ outcome }: Part): boolean => outcome.verdict.kind === "rejected";
export const invalidPackets: TrafficRule = {
  kind: "traffic",
  code: "migrate-invalid-packets",
  explains: ({ destination }) => destination.state === "INVALID",
  configuration: () => [{ path: ["conntrack", "tcpBeLiberal"], value: true }],
};

export const unallocatedAddresses: TrafficRule = {
  kind: "traffic",
  code: "migrate-unallocated-addresses",
  explains: ({ destination, difference }) =>
    destination.kind === "elsewhere" && difference.was.every(isUntouched) && difference.now.every(isDropped),
  details: (found) => [...new Set(found.flatMap(({ destination }) => destination.network ?? []))],
};

/** Rejected, unless another program has dropped them before. */
export const unusedPortsRejected: TrafficRule = {
  kind: "traffic",
  code: "migrate-unused-ports-rejected",
  explains: ({ difference: { was, now } }) =>
    was.every((part) => isUntouched(part) || isDropped(part)) &&
    now.some(isRejected) &&
    now.every((part) => isRejected(part) || isDropped(part)),
};

export const unusedPortsPassedOn: TrafficRule = {
  kind: "traffic",
  code: "migrate-unused-ports-passed-on",
  explains: ({ difference: { was, now } }) => was.every(isRejected) && now.every(isUntouched),
};

/** IPVS chose the endpoint by the client's address or by load. */
export const scheduler: TrafficRule = {
  kind: "traffic",
  code: "migrate-scheduler",
  explains: ({ severity, difference: { was } }) =>
    (severity === "affinity" || severity === "load-distribution") &&
    was.some(({ outcome: { scheduling } }) => scheduling !== undefined && scheduling !== "by weight"),
  details: (_, { cluster }) => [`scheduler ${cluster.proxyConfiguration.ipvs.scheduler}`],
};

export const affinityRestarts: TrafficRule = {
  kind: "traffic",
  code: "migrate-affinity-restarts",
  explains: ({ difference: { returning } }) => returning !== undefined,
};

/** The sources are endpoints of the destination themselves. */
export const hairpin: TrafficRule = {
  kind: "traffic",
  code: "migrate-hairpin",
  explains: ({ severity, difference: { sources, was, now } }) => {
    if (severity !== "source-address") return false;
    const ends = [...targets(was), ...targets(now)].map((target) => parseAddressSet(target.replace(/ .*/, "")));
    const own = unite(
      ends.filter((set) => set?.bits === sources.bits).flatMap((set) => set ?? []),
      sources.bits,
    );
    return sameSet(intersect(sources, own), sources);
  },
};

export const sourceAddress: TrafficRule = {
  kind: "traffic",
  code: "migrate-source-address",
  explains: ({ severity }) => severity === "source-address",
  // kube-proxy reads masqueradeAll from the section of its mode; both older modes have it in iptables.
  configuration: (_, { cluster }) =>
    cluster.proxyConfiguration.masqueradeAll ? [{ path: ["nftables", "masqueradeAll"], value: true }] : [],
};

export const refusedOtherwise: TrafficRule = {
  kind: "traffic",
  code: "migrate-refused-otherwise",
  explains: ({ difference: { was, now } }) => was.every(isRefused) && now.every(isRefused),
};

/** Explains what no other rule does, so that no difference is left out. */
export const otherTraffic: TrafficRule = { kind: "traffic", code: "migrate-other-traffic", explains: () => true };
