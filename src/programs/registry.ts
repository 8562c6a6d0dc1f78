import type { OwnChains } from "../languages/iptables/own-chains.ts";
import { targetOf } from "../languages/iptables/rule-lines.ts";
import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import * as portmapNames from "./cni-portmap/purposes.ts";
import { kubeProxyChains } from "./kube-proxy/chain-names.ts";
import { kubeProxyIptables } from "./kube-proxy/iptables/program.ts";
import { kubeProxyIpvs } from "./kube-proxy/ipvs/program.ts";
import * as kubeProxyNames from "./kube-proxy/names.ts";
import { kubeProxyTables } from "./kube-proxy/nftables/names.ts";
import { kubeProxyNftables } from "./kube-proxy/nftables/program.ts";
import * as nftablesNames from "./kube-proxy/nftables/purposes.ts";
import { kubeProxySets } from "./kube-proxy/set-names.ts";
import type { ForwardingProgram, ObjectRef, Owner, OwnSets, OwnTables, ProgramId } from "./program.ts";

/** Every program that forwards traffic. A mode that is missing here fails to compile. */
const forwardingPrograms: Readonly<Record<ProgramId, ForwardingProgram>> = {
  "kube-proxy/iptables": kubeProxyIptables,
  "kube-proxy/ipvs": kubeProxyIpvs,
  "kube-proxy/nftables": kubeProxyNftables,
};

export const programIds = Object.keys(forwardingPrograms) as readonly ProgramId[];

export function programById(id: ProgramId): ForwardingProgram {
  return forwardingPrograms[id];
}

/** The program of a configuration. */
export function programFor({ mode }: { readonly mode: ProxyMode }): ForwardingProgram {
  return programById(`kube-proxy/${mode}`);
}

/** Find owners by names of objects, and in rules. Programs of one component may share a naming. */
const namings = [kubeProxyNames, nftablesNames, portmapNames];

/** The chains of iptables that programs make. */
const chainNamings: readonly OwnChains[] = [kubeProxyChains];

/** A chain belongs to the first program that knows it. */
export const ownChains: OwnChains = {
  isOwned: (chain) => chainNamings.some((naming) => naming.isOwned(chain)),
  roleOf: (chain) => ownerOfChain(chain)?.roleOf(chain),
  named: (role) => chainNamings.flatMap((naming) => naming.named(role)),
  isOfFragment: (chain) => chainNamings.some((naming) => naming.isOfFragment(chain)),
  depthOf: (chain) => ownerOfChain(chain)?.depthOf(chain) ?? -1,
  tableOf: (chain) => ownerOfChain(chain)?.tableOf(chain),
  prefixes: chainNamings.flatMap(({ prefixes }) => prefixes),
  sharing: chainNamings.flatMap(({ sharing }) => sharing),
};

function ownerOfChain(chain: string): OwnChains | undefined {
  return chainNamings.find((naming) => naming.isOwned(chain));
}

/** The chain of a program that a rule leads to; undefined where it leads to none. */
export function ownChainIn(rule: string): string | undefined {
  if (!ownChains.prefixes.some((prefix) => rule.includes(prefix))) return undefined;
  const target = targetOf(rule);
  return target !== undefined && ownChains.isOwned(target) ? target : undefined;
}

/** The sets of ipset, and the tables of nftables: one program has any. */
export const ownSets: OwnSets = kubeProxySets;
export const ownTables: OwnTables = kubeProxyTables;

/** The device with the addresses that a program binds to the host. */
export const addressDevice: string =
  Object.values(forwardingPrograms).find(({ kernel }) => kernel !== undefined)?.kernel?.addressDevice ?? "";

/** The nfacct counters of all programs. */
export const ownCounters: readonly string[] = Object.values(forwardingPrograms).flatMap(({ counters }) => counters);

/** The names of chains and sets that exist whatever the Services. */
export const fixedNames: readonly string[] = namings.flatMap((naming) => naming.fixedNames);

/** The owner of an object name; undefined where no program creates it. */
export function ownerOf(ref: ObjectRef): Owner | undefined {
  return namings.map((naming) => naming.ownerOf(ref)).find((owner) => owner !== undefined);
}

/** The purpose of an object; `service` is the owning service port, where it is known. */
export function purposeOf(ref: ObjectRef, service: string | undefined): string | undefined {
  return namings.map((naming) => naming.purposeOf(ref, service)).find((purpose) => purpose !== undefined);
}

/** The service port that a rule or element names, in a comment or by an object of its own: `shop/web:http`. */
export function serviceInRule(line: string): string | undefined {
  for (const naming of namings) {
    const service = naming.serviceInRule(line);
    if (service !== undefined) return service;
  }
  return undefined;
}
