import type { ProxyMode } from "../model/proxy-configuration/proxy-configuration.ts";
import { kubeProxyIptables } from "./kube-proxy/iptables/program.ts";
import { kubeProxyIpvs } from "./kube-proxy/ipvs/program.ts";
import * as kubeProxyNames from "./kube-proxy/names.ts";
import type { ForwardingProgram, ObjectRef, Owner, ProgramId } from "./program.ts";

/** Every program that forwards traffic. A mode that the model reads and that is missing here does not compile. */
const forwardingPrograms: Readonly<Record<ProgramId, ForwardingProgram>> = {
  "kube-proxy/iptables": kubeProxyIptables,
  "kube-proxy/ipvs": kubeProxyIpvs,
};

export const programIds = Object.keys(forwardingPrograms) as readonly ProgramId[];

export function programById(id: ProgramId): ForwardingProgram {
  return forwardingPrograms[id];
}

/** The program that a configuration asks for. */
export function programFor({ mode }: { readonly mode: ProxyMode }): ForwardingProgram {
  return programById(`kube-proxy/${mode}`);
}

/** Who tells by a name whose an object is. Programs of one component may share a naming. */
const namings = [kubeProxyNames];

/** Whose an object of this name is; undefined for what no program makes. */
export function ownerOf(ref: ObjectRef): Owner | undefined {
  return namings.map((naming) => naming.ownerOf(ref)).find((owner) => owner !== undefined);
}

/** What an object is for; `service` is the service port it belongs to, where one is known. */
export function purposeOf(ref: ObjectRef, service: string | undefined): string | undefined {
  return namings.map((naming) => naming.purposeOf(ref, service)).find((purpose) => purpose !== undefined);
}
