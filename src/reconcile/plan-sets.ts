import { feed, type PhasedSteps } from "../ir/artifact.ts";
import type { OwnedSet } from "../ir/owned.ts";
import { ownSets } from "../programs/registry.ts";
import type { LocalPolicyTransitions } from "./plan-servers.ts";

/** One set that differs from the desired state. */
export interface SetChange {
  readonly name: string;
  readonly kind: "add" | "change" | "remove";
  readonly desired: OwnedSet | undefined;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  /** It has another type or is too small, and is replaced. */
  readonly isReplaced: boolean;
  /** Foreign rules match on it, so that it can be emptied but not destroyed. */
  readonly isHeld: boolean;
}

type Sets = ReadonlyMap<string, OwnedSet>;

export function diffSets(desired: Sets, live: Sets): readonly SetChange[] {
  const changes: SetChange[] = [];
  for (const [name, want] of desired) {
    const have = live.get(name);
    const isReplaced = have !== undefined && have.shape !== want.shape;
    const missing = [...want.entries].filter((entry) => isReplaced || !have?.entries.has(entry));
    const extra = isReplaced ? [] : [...(have?.entries ?? [])].filter((entry) => !want.entries.has(entry));
    if (have !== undefined && !isReplaced && missing.length === 0 && extra.length === 0) continue;
    const kind = have === undefined ? "add" : "change";
    changes.push({ name, kind, desired: want, missing, extra, isReplaced, isHeld: have?.isHeld ?? false });
  }
  for (const [name, { entries, isHeld }] of live) {
    if (desired.has(name) || (isHeld && entries.size === 0)) continue;
    const extra = [...entries];
    changes.push({ name, kind: "remove", desired: undefined, missing: [], extra, isReplaced: false, isHeld });
  }
  return changes;
}

/** The virtual servers that are added to a set of policy Local, and those that are removed from one. */
export function localPolicyTransitions(changes: readonly SetChange[]): LocalPolicyTransitions {
  const local = changes.filter(({ name }) => name.includes("-LOCAL"));
  const [gained, lost] = [
    local.flatMap(({ name, missing }) => missing.map((entry) => memberOf(name, entry))),
    local.flatMap(({ name, extra }) => extra.map((entry) => memberOf(name, entry))),
  ].map((members) => new Set(members)) as [Set<string>, Set<string>];
  const isIn = (members: ReadonlySet<string>) => (key: string) => membersOf(key).some((member) => members.has(member));
  return { gained: isIn(gained), lost: isIn(lost) };
}

/** `tcp 10.96.0.10 80` of an entry with an address, `tcp 30080` of a node port's. */
function memberOf(set: string, entry: string): string {
  const [, ip, protocol, port] = /^(.*),(\w+):(\d+)$/.exec(entry) ?? [];
  return ip === undefined ? `${set.includes("UDP") ? "udp" : "tcp"} ${entry}` : `${protocol} ${ip} ${port}`;
}

function membersOf(key: string): readonly string[] {
  const [, option = "", ip, port] = /^(\S+) \[?([^\]]*)\]?:(\d+)$/.exec(key) ?? [];
  const protocol = { "-t": "tcp", "-u": "udp" }[option] ?? "sctp";
  return [`${protocol} ${ip} ${port}`, `${protocol} ${port}`];
}

const restore = ["ipset", "restore", "-exist"];

/** Sets and entries are created before the rules that match on them, and deleted after them. */
export function planSets(changes: readonly SetChange[]): Pick<PhasedSteps, "make" | "remove"> {
  return {
    make: feed("create sets and entries", restore, changes.flatMap(linesToAdd)),
    remove: feed("delete sets and entries", restore, changes.flatMap(linesToRemove)),
  };
}

function linesToAdd({ name, kind, desired, missing, isReplaced }: SetChange, index: number): readonly string[] {
  const add = (set: string): readonly string[] => missing.map((entry) => `add ${set} ${entry}`);
  if (desired === undefined) return [];
  if (!isReplaced) return [...(kind === "add" ? [desired.create] : []), ...add(name)];
  const other = ownSets.swapName(index);
  return [
    `create ${other} ${desired.shape}`,
    `flush ${other}`,
    ...add(other),
    `swap ${other} ${name}`,
    `destroy ${other}`,
  ];
}

function linesToRemove({ name, kind, extra, isHeld }: SetChange): readonly string[] {
  if (kind === "remove") return [`${isHeld ? "flush" : "destroy"} ${name}`];
  return extra.map((entry) => `del ${name} ${entry}`);
}
