import { isAddress, parseTarget, printTarget } from "../../datapath/address-set.ts";
import { type EvaluatedHost, serverKey } from "../../datapath/host.ts";
import type { LookupEntry, VirtualServer } from "../../ir/datapath.ts";
import type { Destination } from "./referenced-destinations.ts";

/** What differs besides rules: set entries, virtual servers, addresses of the host. */
export interface ChangedKernelState {
  readonly concerns: (destination: Destination) => boolean;
}

interface Changed {
  readonly addresses: Set<string>;
  readonly ports: Set<number>;
  /** Set for an entry that is neither a single address nor a single port: all destinations may be affected. */
  everything: boolean;
}

export function changedKernelState(base: EvaluatedHost, head: EvaluatedHost): ChangedKernelState {
  const changed: Changed = { addresses: new Set(), ports: new Set(), everything: false };
  for (const [one, other] of [[base, head] as const, [head, base] as const]) {
    for (const address of one.localAddresses) if (!other.localAddresses.has(address)) changed.addresses.add(address);
    noteEntries(changed, one, other, [base, head]);
  }
  return {
    concerns: (destination) => {
      if (changed.everything || changed.addresses.has(destination.address) || changed.ports.has(destination.port))
        return true;
      const [before, after] = [serverOf(base, destination), serverOf(head, destination)];
      if (before === undefined && after === undefined) return false;
      const isTouched = [before, after].some((server) =>
        server?.realServers.some(({ address }) => changed.addresses.has(hostOf(address))),
      );
      return isTouched || spelled(before) !== spelled(after);
    },
  };
}

function serverOf({ servers }: EvaluatedHost, { address, port, protocol }: Destination): VirtualServer | undefined {
  return servers.size === 0 ? undefined : servers.get(serverKey(protocol, printTarget({ address, port })));
}

function hostOf(target: string): string {
  return parseTarget(target)?.address ?? target;
}

function spelled(server: VirtualServer | undefined): string {
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
    // A set that is missing on one side has unknown entries.
    if (beside === undefined) changed.everything = true;
    const known = new Set(beside?.type === set.type ? beside.entries.map(({ text }) => text) : []);
    for (const entry of set.entries) if (!known.has(entry.text)) noteEntry(changed, entry, hosts);
  }
}

/** A set may match the source: its ports then count for every address, except for a bound Service address. */
function noteEntry(changed: Changed, { parts }: LookupEntry, hosts: readonly EvaluatedHost[]): void {
  const [first, second] = parts;
  if (first?.kind === "ports" && first.ports.from === first.ports.to) changed.ports.add(first.ports.from);
  else if (first?.kind === "addresses" && isAddress(first.range)) {
    changed.addresses.add(first.range);
    const isPorted = parts.length === 2 && second?.kind === "ports" && !isServiceAddress(first.range, hosts);
    if (!isPorted) return;
    if (second.ports.from === second.ports.to) changed.ports.add(second.ports.from);
    else changed.everything = true;
  } else changed.everything = true;
}

/** Bound to the host to receive traffic. What a local process sends from it goes to the address itself. */
function isServiceAddress(address: string, hosts: readonly EvaluatedHost[]): boolean {
  return hosts.some(
    ({ localAddresses, world }) => localAddresses.has(address) && !world.nodeAddresses.includes(address),
  );
}
