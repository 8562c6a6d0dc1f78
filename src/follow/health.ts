import type { Step } from "../ir/artifact.ts";
import { type Family, families, familyNames } from "../model/address.ts";
import { isRecord } from "../model/fields/fields.ts";
import type { OwnedState } from "../reconcile/owned-state.ts";

/** Times are milliseconds since 1970. */
export interface HealthHistory {
  /** When the oldest change arrived that is not synced to the host yet; undefined: no change waits. */
  readonly queuedAt: number | undefined;
  /** The end of the last successful sync; undefined before the first. */
  readonly syncedAt: number | undefined;
  readonly isEligible: boolean;
  /** The families that are kept in sync, both by the same syncs. */
  readonly families: readonly Family[];
  /** Kinds of objects that cannot be followed, by their plural. */
  readonly troubles: ReadonlyMap<string, FollowTrouble>;
}

export interface FollowTrouble {
  readonly since: number;
  readonly message: string;
  /** When a watch began again; undefined: none has. */
  readonly recoveredAt: number | undefined;
}

/** A watch that fails within this time of its start has not recovered. */
const settling = 10_000;

/** Notes that a kind cannot be followed. */
export function withTrouble(history: HealthHistory, plural: string, message: string, now: number): HealthHistory {
  const last = history.troubles.get(plural);
  const isSame = last !== undefined && (last.recoveredAt === undefined || now - last.recoveredAt < settling);
  const trouble = { since: isSame ? last.since : now, message, recoveredAt: undefined };
  return { ...history, troubles: new Map(history.troubles).set(plural, trouble) };
}

/** Notes that a kind is watched again. */
export function withoutTrouble(history: HealthHistory, plural: string, now: number): HealthHistory {
  const last = history.troubles.get(plural);
  if (last === undefined) return history;
  return { ...history, troubles: new Map(history.troubles).set(plural, { ...last, recoveredAt: now }) };
}

function reasonOf({ troubles }: HealthHistory, { now, patience }: HealthClock): string | undefined {
  const lasting = [...troubles].find(
    ([, { since, recoveredAt }]) => recoveredAt === undefined && now - since >= patience,
  );
  return lasting && `${lasting[0]} cannot be followed: ${lasting[1].message}`;
}

export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface HealthClock {
  readonly now: number;
  readonly patience: number;
  /** Formats a time as RFC 3339. */
  readonly text: (time: number) => string;
}

/** Go's zero time, which kube-proxy reports before its first sync. */
const never = "0001-01-01T00:00:00Z";

/**
 * The response of /healthz or /livez, as in kube-proxy 1.36 (pkg/proxy/healthcheck). Unhealthy if a change has waited
 * longer than `patience`; healthy during startup. /healthz also fails while the node is being deleted, and, which
 * kube-proxy does not report, while a kind of objects cannot be followed.
 */
export function healthOf(history: HealthHistory, question: "healthz" | "livez", clock: HealthClock): HealthAnswer {
  const { queuedAt, syncedAt, isEligible, families } = history;
  const { now, patience, text } = clock;
  const reason = question === "healthz" ? reasonOf(history, clock) : undefined;
  const healthy = syncedAt === undefined || queuedAt === undefined || now - queuedAt < patience;
  const isGood = healthy && (question === "livez" || isEligible) && reason === undefined;
  const lastUpdated = syncedAt === undefined ? never : text(syncedAt);
  return {
    status: isGood ? 200 : 503,
    body: {
      // As in kube-proxy: the current time while it is healthy, even if the last sync was long ago.
      lastUpdated: isGood ? text(now) : lastUpdated,
      currentTime: text(now),
      ...(question === "healthz" ? { nodeEligible: isEligible } : {}),
      healthy,
      ...(reason === undefined ? {} : { reason }),
      ...(syncedAt === undefined
        ? {}
        : { status: Object.fromEntries(families.map((family) => [familyNames[family], { lastUpdated, healthy }])) }),
    },
  };
}

const leavingTaint = "ToBeDeletedByClusterAutoscaler";

/**
 * Whether load balancers should send traffic to this Node: not while it is being deleted (nodeEligible of kube-proxy
 * 1.36).
 */
export function isEligible(node: Readonly<Record<string, unknown>>): boolean {
  const { metadata, spec } = node;
  if (isRecord(metadata) && metadata.deletionTimestamp !== undefined && metadata.deletionTimestamp !== null) {
    return false;
  }
  const taints = isRecord(spec) && Array.isArray(spec.taints) ? spec.taints : [];
  return !taints.some((taint) => isRecord(taint) && taint.key === leavingTaint);
}

/** The number of rules that a table of a family has, or was sent. */
export interface RuleCount {
  readonly family: Family;
  readonly table: string;
  readonly count: number;
}

/** The rules that are ours. */
export function countRules({ rules }: OwnedState): readonly RuleCount[] {
  return families.flatMap((family) =>
    [...(rules[family]?.tables ?? [])].map(([table, { chains, jumps }]) => {
      const lines = [...chains.values(), ...jumps.values()];
      return { family, table, count: lines.reduce((sum, { length }) => sum + length, 0) };
    }),
  );
}

/** The rules that steps add. */
export function countSentRules(steps: readonly Step[]): readonly RuleCount[] {
  const counts = new Map<string, RuleCount>();
  for (const { argv, stdin } of steps) {
    if (!/^ip6?tables-restore$/.test(argv[0] ?? "")) continue;
    const family = argv[0] === "ip6tables-restore" ? "ipv6" : "ipv4";
    let table = "";
    for (const line of stdin.split("\n")) {
      if (line.startsWith("*")) table = line.slice(1);
      if (!/^-[AI] /.test(line)) continue;
      const key = `${family} ${table}`;
      counts.set(key, { family, table, count: (counts.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...counts.values()];
}
