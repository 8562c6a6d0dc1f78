import { canonicalAddress, parseTarget, printTarget } from "../../datapath/address-set.ts";
import { ruleAt } from "../../datapath/chain-index.ts";
import type { EvaluatedHost } from "../../datapath/host.ts";
import type { Remembered } from "../../datapath/packet.ts";
import type { LoadedChain, PacketRule } from "../../ir/datapath.ts";
import { type IpAddress, parseIp } from "../../model/address.ts";
import { isRecord } from "../../model/fields/fields.ts";
import type { InputObject } from "../../model/flatten-documents.ts";

/** A pod with the facts that the objects contain. */
export interface KnownPod {
  readonly namespace: string;
  readonly name: string;
  readonly addresses: readonly IpAddress[];
  readonly node: string | undefined;
}

/** Pods by `namespace/name`: those that EndpointSlices point to, and Pod objects. */
export function findPods(objects: Iterable<Pick<InputObject, "kind" | "value">>): ReadonlyMap<string, KnownPod> {
  const pods = new Map<string, KnownPod>();
  for (const { kind, value } of objects) {
    if (kind === "EndpointSlice") for (const pod of podsOfSlice(value)) enter(pods, pod);
    else if (kind === "Pod") enter(pods, podOf(value));
  }
  return pods;
}

function enter(pods: Map<string, KnownPod>, pod: KnownPod | undefined): void {
  if (pod === undefined || pod.addresses.length === 0) return;
  const key = `${pod.namespace}/${pod.name}`;
  const known = pods.get(key);
  const more = pod.addresses.filter(({ text }) => !known?.addresses.some((address) => address.text === text));
  if (known === undefined) pods.set(key, pod);
  else pods.set(key, { ...known, addresses: [...known.addresses, ...more], node: known.node ?? pod.node });
}

function podsOfSlice({ metadata, endpoints }: InputObject["value"]): readonly KnownPod[] {
  const namespace = namespaceOf(metadata);
  if (!Array.isArray(endpoints)) return [];
  return endpoints.flatMap((endpoint: unknown): readonly KnownPod[] => {
    if (!isRecord(endpoint) || !isRecord(endpoint.targetRef) || !Array.isArray(endpoint.addresses)) return [];
    const { kind, name, namespace: own = namespace } = endpoint.targetRef;
    if (kind !== "Pod" || typeof name !== "string" || typeof own !== "string") return [];
    const node = textOf(endpoint.nodeName);
    return [{ namespace: own, name, addresses: addressesIn(endpoint.addresses.slice(0, 1)), node }];
  });
}

function podOf({ metadata, spec, status }: InputObject["value"]): KnownPod | undefined {
  const name = isRecord(metadata) ? textOf(metadata.name) : undefined;
  if (name === undefined || !isRecord(status)) return undefined;
  const { podIP, podIPs } = status;
  const listed = Array.isArray(podIPs) ? podIPs.map((each: unknown) => (isRecord(each) ? each.ip : undefined)) : [];
  const addresses = addressesIn(listed.length > 0 ? listed : [podIP]);
  return {
    namespace: namespaceOf(metadata),
    name,
    addresses,
    node: isRecord(spec) ? textOf(spec.nodeName) : undefined,
  };
}

function namespaceOf(metadata: unknown): string {
  return (isRecord(metadata) ? textOf(metadata.namespace) : undefined) ?? "default";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function addressesIn(values: readonly unknown[]): readonly IpAddress[] {
  return values
    .map((value) => (typeof value === "string" ? parseIp(value) : undefined))
    .filter((address) => address !== undefined);
}

/**
 * What the node has recorded about a client that was sent to `target` before: lists of `-m recent`, and its real server
 * in IPVS. Undefined where the host keeps no client at the target.
 */
export function findRemembered(host: EvaluatedHost, target: string): Remembered | undefined {
  const lists = new Set<string>();
  for (const { tables } of Object.values(host.families)) {
    for (const chain of tables.get("nat")?.values() ?? []) {
      for (const list of listsOf(chain, target)) lists.add(list);
    }
  }
  const isKept = [...host.servers.values()].some(
    ({ persistence, realServers }) =>
      persistence !== undefined && realServers.some(({ address }) => canonical(address) === target),
  );
  return lists.size > 0 || isKept ? { lists, target } : undefined;
}

/** Only chains that contain the target are parsed. */
function listsOf(chain: LoadedChain, target: string): readonly string[] {
  const sent = `--to-destination ${target}`;
  if (!chain.lines.some((line) => line.includes(sent))) return [];
  const rules = chain.lines.map((_, at) => ruleAt(chain, at));
  return rules.filter((rule) => isSentTo(rule, target)).flatMap(entersIn);
}

function isSentTo({ action }: PacketRule, target: string): boolean {
  if (action.kind !== "dnat" || action.to.kind !== "address" || action.ports === undefined) return false;
  return printTarget({ address: canonicalAddress(action.to.address), port: action.ports.from }) === target;
}

function entersIn({ predicates }: PacketRule): readonly string[] {
  return predicates.flatMap((each) => (each.kind === "recent" && each.action === "set" ? [each.list] : []));
}

function canonical(address: string): string {
  const target = parseTarget(address);
  return target === undefined ? address : printTarget(target);
}
