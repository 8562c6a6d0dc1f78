import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { kubeProxyIptables } from "./kube-proxy/iptables/program.ts";
import { kubeProxyIpvs } from "./kube-proxy/ipvs/program.ts";
import * as kubeProxyNames from "./kube-proxy/names.ts";
import { kubeProxyNftables } from "./kube-proxy/nftables/program.ts";
import * as nftablesNames from "./kube-proxy/nftables/purposes.ts";
import type { ForwardingProgram, ObjectRef, Owner, ProgramId } from "./program.ts";

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
const namings = [kubeProxyNames, nftablesNames];

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
