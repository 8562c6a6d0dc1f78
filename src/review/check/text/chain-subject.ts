import { createSubject, type Subject } from "../../../diagnostics/subject.ts";

/** `Chain nat/KUBE-SERVICES`: whom findings about text are about. */
export function chainSubject({ name }: { readonly name: string }, chain: string): Subject {
  return createSubject("Chain", name, chain);
}
