import { createSubject } from "../../diagnostics/diagnostic.ts";
import { type Family, parseIp } from "../../model/address.ts";
import { allocate, poolOf } from "../allocate.ts";
import { type Draft, type GivenObject, markFields } from "../draft.ts";
import type { SimulatedNode } from "../simulate-nodes.ts";
import { recordOf, recordsOf, textOf, type Value } from "../values.ts";
import type { PlacedPod } from "./expand-workload.ts";

/**
 * Gives pods addresses from the ranges of their nodes, by their names, and sets them running. If a range is full, pods
 * are reported and left out. `given` are the Pods of the input: their addresses are in use.
 */
export function addressPods(
  pods: readonly PlacedPod[],
  {
    given,
    families,
    draft,
  }: { readonly given: readonly GivenObject[]; readonly families: readonly Family[]; readonly draft: Draft },
): readonly PlacedPod[] {
  const taken = new Set(given.flatMap(({ input }) => podIps(input.value)));
  const found = new Map<string, string[]>();
  for (const [{ name: node, podCidrs }, names] of namesByNode(pods)) {
    for (const cidr of podCidrs.filter(({ family }) => families.includes(family))) {
      // A pod that moves to another node gets another address, even if it had an allocation.
      const start = `pod ${cidr.family} ${node} `;
      const keys = names.map((name) => `${start}${name}`);
      for (const [key, ip] of allocate(poolOf(cidr, taken), keys, draft.held)) {
        const name = key.slice(start.length);
        found.set(name, [...(found.get(name) ?? []), ip]);
      }
    }
  }
  return pods.flatMap((pod) => {
    const ips = isOnHost(pod) ? Object.values(pod.node.addresses) : (found.get(nameOf(pod)) ?? []);
    if (ips.length > 0) return [{ ...pod, value: running(pod, ips) }];
    reportFull(pod, draft);
    return [];
  });
}

/** Pods in the host network need no address of their own. */
function namesByNode(pods: readonly PlacedPod[]): ReadonlyMap<SimulatedNode, readonly string[]> {
  const byNode = new Map<SimulatedNode, string[]>();
  for (const pod of pods) {
    if (isOnHost(pod)) continue;
    const names = byNode.get(pod.node);
    if (names === undefined) byNode.set(pod.node, [nameOf(pod)]);
    else names.push(nameOf(pod));
  }
  return byNode;
}

function nameOf({ value }: PlacedPod): string {
  const { namespace, name } = recordOf(value.metadata);
  return `${textOf(namespace) ?? "default"}/${textOf(name) ?? ""}`;
}

function isOnHost({ value }: PlacedPod): boolean {
  return recordOf(value.spec).hostNetwork === true;
}

/** The addresses of a pod, in their usual spelling. */
export function podIps(pod: Value): readonly string[] {
  const status = recordOf(pod.status);
  const texts = [status.podIP, ...recordsOf(status.podIPs).map(({ ip }) => ip)].map((ip) => textOf(ip) ?? "");
  return [...new Set(texts.flatMap((text) => parseIp(text)?.text ?? []))];
}

function running({ value, node, input }: PlacedPod, ips: readonly string[]): Value {
  const [hostIP] = Object.values(node.addresses);
  const status = {
    phase: "Running",
    conditions: [{ type: "Ready", status: "True" }],
    ...(hostIP === undefined ? {} : { hostIP }),
    podIP: ips[0],
    podIPs: ips.map((ip) => ({ ip })),
  };
  if (input === undefined) return { ...value, status };
  const spec = recordOf(value.spec);
  const fields = textOf(spec.nodeName) === undefined ? ["spec.nodeName", "status"] : ["status"];
  return markFields({ ...value, spec: { ...spec, nodeName: node.name }, status }, fields);
}

/** Reported for each pod; the lines of one workload are the same, and shown once. */
function reportFull({ node, place }: PlacedPod, { sink }: Draft): void {
  const range = node.podCidrs.map(({ text }) => text).join(", ") || "none";
  sink.reporter(createSubject())("simulate-node-full", place, { node: node.name, range });
}
