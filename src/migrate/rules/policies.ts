import { intersect, isEmpty, parseAddressSet, unite } from "../../datapath/address-set.ts";
import type { Part } from "../../datapath/classes.ts";
import { isDelivered, isUntouched } from "../../diff/classify-change.ts";
import type { Service } from "../../model/objects/service.ts";
import type { Evidence } from "../evidence.ts";
import { isAtClusterIp, serviceOf, type TrafficRule } from "../rule.ts";

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
