import { feed, type Step } from "../ir/artifact.ts";
import type { OwnedServer } from "../ir/owned.ts";

/** One virtual server that differs from the desired state. */
export interface ServerChange {
  /** `-t 10.96.0.10:80` */
  readonly key: string;
  readonly kind: "add" | "change" | "remove";
  readonly options: string | undefined;
  /** Addresses of real servers with their options: missing ones, and those with other options. */
  readonly missing: ReadonlyMap<string, string>;
  readonly changed: ReadonlyMap<string, string>;
  readonly extra: readonly string[];
}

type Servers = ReadonlyMap<string, OwnedServer>;

export function diffServers(desired: Servers, live: Servers): readonly ServerChange[] {
  const changes: ServerChange[] = [];
  for (const [key, want] of desired) {
    const have = live.get(key);
    const real = have?.realServers ?? new Map<string, string>();
    const missing = new Map([...want.realServers].filter(([address]) => !real.has(address)));
    const differs = ([address, options]: [string, string]) => real.has(address) && real.get(address) !== options;
    const changed = new Map([...want.realServers].filter(differs));
    const extra = [...real.keys()].filter((address) => !want.realServers.has(address));
    const options = have?.options === want.options ? undefined : want.options;
    if (options === undefined && missing.size + changed.size + extra.length === 0) continue;
    changes.push({ key, kind: have === undefined ? "add" : "change", options, missing, changed, extra });
  }
  for (const [key, { realServers }] of live) {
    if (desired.has(key)) continue;
    const none = new Map<string, string>();
    changes.push({
      key,
      kind: "remove",
      options: undefined,
      missing: none,
      changed: none,
      extra: [...realServers.keys()],
    });
  }
  return changes;
}

const restore = ["ipvsadm", "--restore"];

/** Virtual servers whose clients' addresses will be preserved, and those whose clients will be masqueraded again. */
export interface LocalPolicyTransitions {
  readonly gained: (key: string) => boolean;
  readonly lost: (key: string) => boolean;
}

export interface ServerSteps {
  /** Before the sets change. */
  readonly early: readonly Step[];
  readonly make: readonly Step[];
  readonly remove: readonly Step[];
  /** After the sets have changed. */
  readonly late: readonly Step[];
}

/**
 * Real servers are added before others are deleted, so that a virtual server always has some. If its policy becomes
 * Local, remote ones are deleted first; if it becomes Cluster, they are added last. Otherwise replies to a preserved
 * client IP would bypass this node.
 */
export function planServers(changes: readonly ServerChange[], { gained, lost }: LocalPolicyTransitions): ServerSteps {
  const step = (purpose: string, lines: readonly string[]) => feed(purpose, restore, lines);
  const turned = changes.filter(({ kind, key }) => kind === "change" && gained(key));
  const turnedBack = changes.filter(({ kind, key }) => kind === "change" && lost(key));
  const others = changes.filter((change) => !turned.includes(change) && !turnedBack.includes(change));
  return {
    early: [
      ...step("create real servers on this node", turned.flatMap(linesToMake)),
      ...step("delete real servers on other nodes", turned.flatMap(linesToRemove)),
    ],
    make: step("create virtual and real servers", others.flatMap(linesToMake)),
    remove: step("delete virtual and real servers", others.flatMap(linesToRemove)),
    late: step(
      "create real servers on other nodes",
      turnedBack.flatMap((one) => [...linesToMake(one), ...linesToRemove(one)]),
    ),
  };
}

function linesToMake({ key, kind, options, missing, changed }: ServerChange): readonly string[] {
  return [
    ...(options === undefined ? [] : [`${kind === "add" ? "-A" : "-E"} ${key} ${options}`]),
    ...[...missing].map(([address, rest]) => `-a ${key} -r ${address} ${rest}`),
    ...[...changed].map(([address, rest]) => `-e ${key} -r ${address} ${rest}`),
  ];
}

function linesToRemove({ key, kind, extra }: ServerChange): readonly string[] {
  if (kind === "remove") return [`-D ${key}`];
  return extra.map((address) => `-d ${key} -r ${address}`);
}
