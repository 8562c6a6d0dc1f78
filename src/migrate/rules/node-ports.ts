import { isDelivered, isUntouched } from "../../diff/classify-change.ts";
import { compareBytes } from "../../model/fields/name-map.ts";
import { usedFamilies } from "../../plan/forwarding/node-view.ts";
import type { Evidence } from "../evidence.ts";
import type { TrafficRule } from "../rule.ts";

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
