import type { FamilySettings, ServicePortPlan } from "../../../plan/forwarding/forwarding-plan.ts";
import { always, type Cause, type LowerOptions, type OriginKeeper } from "../../origins.ts";
import type { NftServicePortChains } from "./names.ts";

/** The sets and maps that service ports add elements to. */
export const elementSets = [
  "cluster-ips",
  "hairpin-connections",
  "nodeport-ips",
  "firewall-ips",
  "no-endpoint-nodeports",
  "no-endpoint-services",
  "service-ips",
  "service-nodeports",
] as const;

export type ElementSet = (typeof elementSets)[number];

/** An element without its key: ` : goto services`; empty in a set. */
export interface NftElement {
  readonly value: string;
  readonly cause: Cause | undefined;
}

/** A set, map or chain with its lines, as they are printed between its braces. */
export interface NftBlock {
  readonly name: string;
  readonly cause: Cause | undefined;
  readonly lines: string[];
  /** The origin of each line; undefined when origins are not kept. */
  readonly causes: (Cause | undefined)[] | undefined;
}

/** What the service ports of a family add to its table, in any order. */
export interface TableObjects extends OriginKeeper {
  /** By key, such as `10.96.0.10 . tcp . 80`. */
  readonly elements: Readonly<Record<ElementSet, Map<string, NftElement>>>;
  readonly affinitySets: NftBlock[];
  readonly chains: NftBlock[];
}

export function createTableObjects({ origins, only }: LowerOptions): TableObjects {
  const elements = Object.fromEntries(elementSets.map((name) => [name, new Map()])) as Record<
    ElementSet,
    Map<string, NftElement>
  >;
  return { elements, affinitySets: [], chains: [], keepsOrigins: origins, only, cause: always };
}

/** One service port, with the inputs and outputs of lowering it. */
export interface PortLowering {
  readonly plan: ServicePortPlan;
  readonly own: NftServicePortChains;
  readonly settings: FamilySettings;
  readonly out: TableObjects;
}

/** A key belongs to the first service port that names it: kube-proxy's own choice differs with each sync. */
export function addElement({ elements, cause }: TableObjects, set: ElementSet, key: string, value: string): void {
  const known = elements[set];
  if (!known.has(key)) known.set(key, { value, cause });
}

export function openBlock({ keepsOrigins, cause }: TableObjects, into: NftBlock[], name: string): NftBlock {
  const block: NftBlock = { name, cause, lines: [], causes: keepsOrigins ? [] : undefined };
  into.push(block);
  return block;
}

export function addLine({ cause }: TableObjects, block: NftBlock, line: string): void {
  block.lines.push(line);
  block.causes?.push(cause);
}
