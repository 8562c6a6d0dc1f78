import type { TrafficChange, TrafficDiff } from "../../diff/traffic-diff.ts";

/** The changes of one service port; an address of no Service is its own group. */
export interface ServiceGroup {
  readonly name: string;
  readonly isService: boolean;
  /** The worst of its changes, which determines the order of groups. */
  readonly worst: TrafficChange;
  readonly changes: readonly TrafficChange[];
}

/** The changes of behaviour by service port, worst first, and the changes without effect. */
export function groupByService(changes: readonly TrafficChange[]): {
  readonly groups: readonly ServiceGroup[];
  readonly cosmetic: readonly TrafficChange[];
} {
  const byName = new Map<string, TrafficChange[]>();
  for (const change of changes) {
    if (change.severity === "cosmetic") continue;
    const key = change.service === undefined ? `address ${change.vip}` : `service ${change.service}`;
    const group = byName.get(key);
    if (group === undefined) byName.set(key, [change]);
    else group.push(change);
  }
  return {
    groups: [...byName.values()].map(groupOf),
    cosmetic: changes.filter(({ severity }) => severity === "cosmetic"),
  };
}

function groupOf(changes: readonly TrafficChange[]): ServiceGroup {
  const worst = changes[0] as TrafficChange;
  return { name: worst.service ?? worst.vip, isService: worst.service !== undefined, worst, changes };
}

/** Changes of one service port with the same text on several addresses. */
export interface AlikeChanges {
  readonly change: TrafficChange;
  /** The other addresses. */
  readonly also: readonly string[];
}

export function foldAlike(changes: readonly TrafficChange[]): readonly AlikeChanges[] {
  const byText = new Map<string, { change: TrafficChange; also: string[] }>();
  for (const change of changes) {
    const { kind, headline, details, endpoints, nodes } = change;
    const key = JSON.stringify([kind, headline, details, endpoints, nodes]);
    const alike = byText.get(key);
    if (alike === undefined) byText.set(key, { change, also: [] });
    else alike.also.push(change.vip);
  }
  return [...byText.values()];
}

/** The numbers of changed Services, service ports, addresses and nodes: the first line of every report. */
export interface ChangeCounts {
  readonly services: number;
  readonly servicePorts: number;
  readonly addresses: number;
  readonly nodes: number;
}

export function countChanged(groups: readonly ServiceGroup[]): ChangeCounts {
  const ports = groups.filter(({ isService }) => isService);
  const services = new Set(ports.map(({ name }) => serviceOf(name))).size;
  const nodes = new Set(groups.flatMap(({ changes }) => changes.flatMap((change) => change.nodes)));
  return { services, servicePorts: ports.length, addresses: groups.length - ports.length, nodes: nodes.size };
}

/** `shop/web` of `shop/web:http`. */
function serviceOf(servicePort: string): string {
  return servicePort.split(":", 1)[0] ?? servicePort;
}

/** Rules of every node together. */
export function sumRules({ rules }: Pick<TrafficDiff, "rules">): Readonly<Record<RuleCount, number>> {
  const sum = (count: RuleCount): number => rules.reduce((all, group) => all + group[count] * group.nodes.length, 0);
  return { added: sum("added"), changed: sum("changed"), removed: sum("removed"), moved: sum("moved") };
}

type RuleCount = "added" | "changed" | "removed" | "moved";
