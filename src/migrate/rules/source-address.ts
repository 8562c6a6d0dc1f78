import { intersect, parseAddressSet, sameSet, unite } from "../../datapath/address-set.ts";
import { targets } from "../../diff/classify-change.ts";
import type { TrafficRule } from "../rule.ts";

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
