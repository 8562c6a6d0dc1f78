import { parseTarget, printTarget } from "../../datapath/addresses.ts";
import { type EvaluatedHost, serverKey } from "../../datapath/host.ts";
import type { SavedServer } from "../../languages/ipvs/parse.ts";
import type { Key } from "./referenced-destinations.ts";

/** What differs besides rules: set entries, virtual servers, addresses of the host. */
export interface ChangedKernelState {
  readonly concerns: (key: Key) => boolean;
}

interface Changed {
  readonly addresses: Set<string>;
  readonly ports: Set<number>;
  /** An entry that is no address and no port. */
  everything: boolean;
}

export function changedKernelState(base: EvaluatedHost, head: EvaluatedHost): ChangedKernelState {
  const changed: Changed = { addresses: new Set(), ports: new Set(), everything: false };
  for (const [one, other] of [[base, head] as const, [head, base] as const]) {
    for (const address of one.localAddresses) if (!other.localAddresses.has(address)) changed.addresses.add(address);
    noteEntries(changed, one, other, [base, head]);
  }
  return {
    concerns: (key) => {
      if (changed.everything || changed.addresses.has(key.address) || changed.ports.has(key.port)) return true;
      const [before, after] = [serverOf(base, key), serverOf(head, key)];
      if (before === undefined && after === undefined) return false;
      const isTouched = [before, after].some((server) =>
        server?.realServers.some(({ address }) => changed.addresses.has(hostOf(address))),
      );
      return isTouched || spelled(before) !== spelled(after);
    },
  };
}

function serverOf({ servers }: EvaluatedHost, { address, port, protocol }: Key): SavedServer | undefined {
  return servers.size === 0 ? undefined : servers.get(serverKey(protocol, printTarget({ address, port })));
}

function hostOf(target: string): string {
  return parseTarget(target)?.address ?? target;
}

function spelled(server: SavedServer | undefined): string {
  if (server === undefined) return "";
  const { scheduler, persistence, schedulerFlags, realServers } = server;
  const reals = realServers.map(({ address, forwarding, weight }) => `${address} ${forwarding} ${weight}`).sort();
  return [scheduler, persistence, schedulerFlags, ...reals].join("\n");
}

function noteEntries(
  changed: Changed,
  one: EvaluatedHost,
  other: EvaluatedHost,
  hosts: readonly EvaluatedHost[],
): void {
  for (const set of one.sets.values()) {
    const beside = other.sets.get(set.name);
    // Nobody knows what a set holds that is not there.
    if (beside === undefined) changed.everything = true;
    const known = new Set(beside?.type === set.type ? beside.entries.map(({ text }) => text) : []);
    for (const { text } of set.entries) if (!known.has(text)) noteEntry(changed, set.type, text, hosts);
  }
}

/** A set may be asked by source: then its ports count for every address, unless nobody sends from the entry's address. */
function noteEntry(changed: Changed, type: string, text: string, hosts: readonly EvaluatedHost[]): void {
  const [first = "", port] = text.split(",");
  if (type === "bitmap:port") changed.ports.add(Number(first));
  else if (type.startsWith("hash:ip") && !first.includes("/")) {
    changed.addresses.add(first);
    if (port !== undefined && type === "hash:ip,port" && !isServiceAddress(first, hosts))
      changed.ports.add(Number(port.split(":")[1]));
  } else changed.everything = true;
}

/** Bound to the host to take traffic in; what a process sends from it goes to the address itself. */
function isServiceAddress(address: string, hosts: readonly EvaluatedHost[]): boolean {
  return hosts.some(
    ({ localAddresses, world }) => localAddresses.has(address) && !world.nodeAddresses.includes(address),
  );
}
