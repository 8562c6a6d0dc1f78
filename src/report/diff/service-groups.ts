import type { FieldChange, TrafficChange, TrafficDiff } from "../../diff/traffic-diff.ts";
import { serviceOf } from "../../diff/traffic-diff.ts";
import { nothingDiffers, nothingShownDiffers, plural } from "../words.ts";

/** The changes of one Service; an address of no Service is its own group. */
export interface ServiceGroup {
  /** `shop/web`, or `shop/web:http` if only this port changes. */
  readonly name: string;
  readonly isService: boolean;
  /** The worst of its changes, which determines the order of groups. */
  readonly worst: TrafficChange;
  readonly changes: readonly TrafficChange[];
  /** The fields of the input that changed. */
  readonly fields: readonly FieldChange[];
}

/** The changes of behaviour by Service, worst first, and the changes without effect. */
export function groupByService({ changes, changedFields }: Pick<TrafficDiff, "changes" | "changedFields">): {
  readonly groups: readonly ServiceGroup[];
  readonly cosmetic: readonly TrafficChange[];
} {
  const byName = new Map<string, TrafficChange[]>();
  for (const change of changes) {
    if (change.severity === "cosmetic") continue;
    const key = change.service === undefined ? `address ${change.vip}` : `service ${serviceOf(change.service)}`;
    const group = byName.get(key);
    if (group === undefined) byName.set(key, [change]);
    else group.push(change);
  }
  const fields = new Map(changedFields.map((one) => [one.service, one.fields]));
  return {
    groups: [...byName.values()].map((group) => groupOf(group, fields)),
    cosmetic: changes.filter(({ severity }) => severity === "cosmetic"),
  };
}

function groupOf(changes: readonly TrafficChange[], fields: ReadonlyMap<string, readonly FieldChange[]>): ServiceGroup {
  const worst = changes[0] as TrafficChange;
  const { service, vip } = worst;
  if (service === undefined) return { name: vip, isService: false, worst, changes, fields: [] };
  const isOnePort = changes.every((change) => change.service === service);
  const name = isOnePort ? service : serviceOf(service);
  return { name, isService: true, worst, changes, fields: fields.get(serviceOf(service)) ?? [] };
}

/** The numbers of changed Services, service ports, addresses and nodes: the first line of every report. */
export interface ChangeCounts {
  readonly services: number;
  readonly servicePorts: number;
  readonly addresses: number;
  readonly nodes: number;
}

export function countChanged(groups: readonly ServiceGroup[]): ChangeCounts {
  const services = groups.filter(({ isService }) => isService).length;
  const ports = new Set(groups.flatMap(({ changes }) => changes.flatMap(({ service }) => service ?? [])));
  const nodes = new Set(groups.flatMap(({ changes }) => changes.flatMap((change) => change.nodes)));
  return { services, servicePorts: ports.size, addresses: groups.length - services, nodes: nodes.size };
}

/** Rules of every node together. */
export function sumRules({ rules }: Pick<TrafficDiff, "rules">): Readonly<Record<RuleCount, number>> {
  const sum = (count: RuleCount): number => rules.reduce((all, group) => all + group[count] * group.nodes.length, 0);
  return { added: sum("added"), changed: sum("changed"), removed: sum("removed"), moved: sum("moved") };
}

type RuleCount = "added" | "changed" | "removed" | "moved";

/** `3 Services change on 12 nodes`; without a change of behaviour, a sentence that says so. */
export function summarySentence(groups: readonly ServiceGroup[], { notShown }: Pick<TrafficDiff, "notShown">): string {
  const { services, addresses, nodes } = countChanged(groups);
  if (groups.length === 0) return notShown === undefined ? nothingDiffers : nothingShownDiffers;
  const other = services === 0 ? "address" : "other address";
  const parts = [services === 0 ? "" : plural(services, "Service"), addresses === 0 ? "" : plural(addresses, other)];
  const verb = services + addresses === 1 ? "changes" : "change";
  return `${parts.filter((part) => part !== "").join(" and ")} ${verb} on ${plural(nodes, "node")}`;
}

/** `412 lines moved`, on all nodes together; undefined if none moved. */
export function movedSentence(diff: Pick<TrafficDiff, "rules">, groups: readonly ServiceGroup[]): string | undefined {
  const { moved } = sumRules(diff);
  if (moved === 0) return undefined;
  return groups.length === 0
    ? `${plural(moved, "line")} moved`
    : `${plural(moved, "more line")} moved, without effect on packets`;
}
