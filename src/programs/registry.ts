import * as kubeProxy from "./kube-proxy/names.ts";
import type { ObjectRef, Owner } from "./program.ts";

/** Those who know whose an object is by its name. */
const namings = [kubeProxy];

/** Whose an object of this name is; undefined for what no program makes. */
export function ownerOf(ref: ObjectRef): Owner | undefined {
  return namings.map((naming) => naming.ownerOf(ref)).find((owner) => owner !== undefined);
}

/** What an object is for; `service` is the service port it belongs to, where one is known. */
export function purposeOf(ref: ObjectRef, service: string | undefined): string | undefined {
  return namings.map((naming) => naming.purposeOf(ref, service)).find((purpose) => purpose !== undefined);
}
