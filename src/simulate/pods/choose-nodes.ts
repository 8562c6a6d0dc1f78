import { compareBytes } from "../../model/fields/name-map.ts";
import { sha256Number } from "../../model/sha256.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { recordsOf, type Texts, textMapOf, textOf, type Value } from "../values.ts";

const byDaemons = [
  { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" },
  { key: "node.kubernetes.io/unreachable", operator: "Exists", effect: "NoExecute" },
  ...["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"].map(noSchedule),
];

function noSchedule(name: string): Value {
  return { key: `node.kubernetes.io/${name}`, operator: "Exists", effect: "NoSchedule" };
}

/** What the DaemonSet controller makes its pods tolerate (AddOrUpdateDaemonPodTolerations). */
function tolerationsOfDaemons(isOnHost: boolean): readonly Value[] {
  return isOnHost ? [...byDaemons, noSchedule("network-unavailable")] : byDaemons;
}

export interface Placement {
  readonly podSpec: Value;
  readonly isDaemon: boolean;
  /** The name of the workload, which determines its order of nodes. */
  readonly name: string;
}

/**
 * The nodes that pods may run on, in the order in which they are filled: by nodeSelector, taints and cordons. Affinity,
 * resources and spread constraints are not looked at. Each workload has its own order, by hash, so that one more node or
 * workload leaves most pods where they are.
 */
export function chooseNodes(nodes: readonly SimulatedNode[], { podSpec, isDaemon, name }: Placement) {
  const wanted = textMapOf(podSpec.nodeSelector);
  const isOnHost = podSpec.hostNetwork === true;
  const tolerations = [...recordsOf(podSpec.tolerations), ...(isDaemon ? tolerationsOfDaemons(isOnHost) : [])];
  const rank = (node: SimulatedNode): number => sha256Number(`${name} ${node.name}`);
  return nodes
    .filter((node) => hasLabels(node, wanted) && isLetOn(node, tolerations, isDaemon))
    .map((node) => ({ node, rank: rank(node) }))
    .sort((a, b) => a.rank - b.rank || compareBytes(a.node.name, b.node.name))
    .map(({ node }) => node);
}

function hasLabels({ labels, isInvented }: SimulatedNode, wanted: Texts): boolean {
  const own = new Map(Object.entries(labels));
  return Object.entries(wanted).every(([key, value]) => {
    const known = own.get(key) ?? (key === "beta.kubernetes.io/os" ? own.get("kubernetes.io/os") : undefined);
    return known === undefined ? isInvented : known === value;
  });
}

function isLetOn(
  { taints, isUnschedulable }: SimulatedNode,
  tolerations: readonly Value[],
  isDaemon: boolean,
): boolean {
  if (isUnschedulable && !isDaemon) return false;
  return taints.every((taint) => {
    if (taint.effect !== "NoSchedule" && taint.effect !== "NoExecute") return true;
    return tolerations.some((toleration) => tolerates(toleration, taint));
  });
}

/** ToleratesTaint of k8s.io/api/core/v1. */
function tolerates(toleration: Value, taint: Value): boolean {
  const { key, operator, value, effect } = toleration;
  if (textOf(effect) !== undefined && effect !== taint.effect) return false;
  if (textOf(key) !== undefined && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return textOf(key) !== undefined && (value ?? "") === (taint.value ?? "");
}
