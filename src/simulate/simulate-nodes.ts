import { type Cidr, type Family, families, parseCidr, parseIp } from "../model/address.ts";
import { simulatedParts } from "../model/simulated.ts";
import { allocate, blockAround, blockCount, blockOf, type Pool, poolOf } from "./allocate.ts";
import { type Draft, type GivenObject, type GivenObjects, invented, markFields } from "./draft.ts";
import { nodeCidrs, type Settings } from "./options.ts";
import { recordOf, recordsOf, type Texts, textMapOf, textOf, textsOf, type Value } from "./values.ts";

/** A Node, given or invented, complete. */
export interface SimulatedNode {
  readonly name: string;
  readonly labels: Texts;
  readonly zone: string | undefined;
  readonly isUnschedulable: boolean;
  readonly taints: readonly Value[];
  /** Its InternalIPs. */
  readonly addresses: Readonly<Partial<Record<Family, string>>>;
  readonly podCidrs: readonly Cidr[];
  /** The labels of a simulated node are unknown: a label that a selector requires counts as present. */
  readonly isInvented: boolean;
}

/** The use of Nodes: the families in use, and whether pods are simulated on them, which need addresses. */
export interface NodeUse {
  readonly wanted: readonly Family[];
  readonly hasNewPods: boolean;
}

/** The Nodes of the input, completed; without any, as many as the settings require. */
export function simulateNodes(given: GivenObjects, use: NodeUse, draft: Draft): readonly SimulatedNode[] {
  const prefixes = nodePrefixes(draft.settings, given.Node.length || draft.settings.nodes);
  if (given.Node.length > 0) return completeNodes(given.Node, { ...use, prefixes }, draft);
  const { wanted } = use;
  return Array.from({ length: draft.settings.nodes }, (_, index) => {
    const value = inventNode(index, { wanted, prefixes }, draft.settings);
    draft.invented.push({ value, place: undefined });
    return readNode(value);
  });
}

interface Shape extends NodeUse {
  readonly prefixes: Readonly<Record<Family, number>>;
}

/** Room for 16 Nodes, or 256, and so on: one more does not change the ranges of the others. */
function nodePrefixes({ podCidrs }: Settings, count: number): Readonly<Record<Family, number>> {
  const prefixOf = (family: Family, least: number, most: number): number => {
    const cidr = podCidrs.find((one) => one.family === family);
    let bits = least;
    while (2 ** bits < count) bits += 4;
    return cidr === undefined ? most : Math.min(most, cidr.prefix + bits);
  };
  return { ipv4: prefixOf("ipv4", 4, 30), ipv6: prefixOf("ipv6", 8, 120) };
}

const zones = ["zone-a", "zone-b", "zone-c"];

function inventNode(index: number, { wanted, prefixes }: Omit<Shape, "hasNewPods">, settings: Settings): Value {
  const name = `node${index + 1}`;
  const podCIDRs = settings.podCidrs.flatMap((cidr) => {
    const prefix = prefixes[cidr.family];
    const hasRoom = wanted.includes(cidr.family) && index < blockCount(cidr, prefix);
    return hasRoom ? [blockOf(cidr, prefix, index).text] : [];
  });
  const pools = nodeCidrs.filter(({ family }) => wanted.includes(family)).map((cidr) => poolOf(cidr, new Set()));
  const labels = {
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/hostname": name,
    "kubernetes.io/os": "linux",
    "topology.kubernetes.io/zone": zones[index % zones.length],
  };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels, annotations: invented },
    spec: { ...(podCIDRs.length === 0 ? {} : { podCIDR: podCIDRs[0] }), podCIDRs },
    status: {
      addresses: [
        ...pools.map((pool) => ({ type: "InternalIP", address: pool.spell(index) })),
        { type: "Hostname", address: name },
      ],
      conditions: [{ type: "Ready", status: "True" }],
    },
  };
}

/** Given Nodes keep their values; a missing address or pod CIDR is allocated by name. */
function completeNodes(nodes: readonly GivenObject[], shape: Shape, draft: Draft): readonly SimulatedNode[] {
  const read = nodes.map(({ input }) => readNode(input.value));
  const [family = "ipv4"] = shape.wanted;
  const addresses = allocate(
    poolOf(nodeCidrs.find((cidr) => cidr.family === family) as Cidr, new Set(read.flatMap(addressesOf))),
    read.filter((node) => addressesOf(node).length === 0).map(({ name }) => `node-address ${name}`),
    draft.held,
  );
  const blocks = blockPool(shape, read, draft.settings);
  const ranges = allocate(
    blocks,
    read.filter(({ podCidrs }) => shape.hasNewPods && podCidrs.length === 0).map(({ name }) => `pod-range ${name}`),
    draft.held,
  );
  return nodes.map(({ input, name }) => {
    const address = addresses.get(`node-address ${name}`);
    const range = ranges.get(`pod-range ${name}`);
    const value = withRange(withAddress(input.value, address), range);
    if (value !== input.value) draft.changed.set(input, value);
    return readNode(value);
  });
}

function blockPool({ wanted, prefixes }: Shape, nodes: readonly SimulatedNode[], settings: Settings): Pool {
  const cidr = settings.podCidrs.find(({ family }) => family === wanted[0]);
  if (cidr === undefined) return { size: 0, spell: String, taken: new Set() };
  const prefix = prefixes[cidr.family];
  const given = nodes.flatMap(({ podCidrs }) => podCidrs).filter(({ family }) => family === cidr.family);
  // A cluster's own ranges are often smaller than these.
  const taken = new Set(given.map((one) => (one.prefix < prefix ? one : blockAround(one, prefix)).text));
  return { size: blockCount(cidr, prefix), spell: (offset) => blockOf(cidr, prefix, offset).text, taken };
}

function withAddress(value: Value, address: string | undefined): Value {
  if (address === undefined) return value;
  const status = recordOf(value.status);
  const addresses = [...recordsOf(status.addresses), { type: "InternalIP", address }];
  return markFields({ ...value, status: { ...status, addresses } }, ["status.addresses"]);
}

function withRange(value: Value, range: string | undefined): Value {
  if (range === undefined) return value;
  const spec = { ...recordOf(value.spec), podCIDR: range, podCIDRs: [range] };
  return markFields({ ...value, spec }, ["spec.podCIDR", "spec.podCIDRs"]);
}

function addressesOf({ addresses }: SimulatedNode): readonly string[] {
  return families.flatMap((family) => addresses[family] ?? []);
}

/** Reads a complete Node. */
export function readNode(value: Value): SimulatedNode {
  const metadata = recordOf(value.metadata);
  const spec = recordOf(value.spec);
  const labels = textMapOf(metadata.labels);
  const addresses: Partial<Record<Family, string>> = {};
  for (const { type, address } of recordsOf(recordOf(value.status).addresses)) {
    const ip = type === "InternalIP" ? parseIp(textOf(address) ?? "") : undefined;
    if (ip !== undefined) addresses[ip.family] ??= ip.text;
  }
  const several = textsOf(spec.podCIDRs);
  const ranges = several.length > 0 ? several : textsOf([spec.podCIDR]);
  return {
    name: textOf(metadata.name) ?? "",
    labels,
    zone: labels["topology.kubernetes.io/zone"],
    isUnschedulable: spec.unschedulable === true,
    taints: recordsOf(spec.taints),
    addresses,
    podCidrs: ranges.map(parseCidr).filter((cidr) => cidr !== undefined),
    isInvented: simulatedParts(value)?.includes("object") ?? false,
  };
}
