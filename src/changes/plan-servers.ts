import type { OwnedServer } from "./owned-state.ts";
import { feed, type PhasedSteps } from "./step.ts";

/** One virtual server that is not as wanted. */
export interface ServerChange {
  /** `-t 10.96.0.10:80` */
  readonly key: string;
  readonly kind: "add" | "change" | "remove";
  readonly options: string | undefined;
  /** Addresses of real servers with their options; missing ones and those with other options. */
  readonly missing: ReadonlyMap<string, string>;
  readonly changed: ReadonlyMap<string, string>;
  readonly extra: readonly string[];
}

type Servers = ReadonlyMap<string, OwnedServer>;

export function diffServers(wanted: Servers, found: Servers): readonly ServerChange[] {
  const changes: ServerChange[] = [];
  for (const [key, want] of wanted) {
    const have = found.get(key);
    const real = have?.realServers ?? new Map<string, string>();
    const missing = new Map([...want.realServers].filter(([address]) => !real.has(address)));
    const differs = ([address, options]: [string, string]) => real.has(address) && real.get(address) !== options;
    const changed = new Map([...want.realServers].filter(differs));
    const extra = [...real.keys()].filter((address) => !want.realServers.has(address));
    const options = have?.options === want.options ? undefined : want.options;
    if (options === undefined && missing.size + changed.size + extra.length === 0) continue;
    changes.push({ key, kind: have === undefined ? "add" : "change", options, missing, changed, extra });
  }
  for (const [key, { realServers }] of found) {
    if (wanted.has(key)) continue;
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

/** Real servers that come before those that go: a virtual server is never without any in between. */
export function planServers(changes: readonly ServerChange[]): Pick<PhasedSteps, "make" | "remove"> {
  return {
    make: feed("make virtual and real servers", restore, changes.flatMap(linesToMake)),
    remove: feed("take away virtual and real servers", restore, changes.flatMap(linesToRemove)),
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
