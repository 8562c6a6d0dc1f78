import { createSink, type Sink } from "../../diagnostics/diagnostic.ts";
import { createSubject } from "../../diagnostics/subject.ts";
import { checkAddressClashes, checkNodePortClashes, type PortRange } from "../../model/check-clashes.ts";
import type { Read } from "../../model/read-objects.ts";
import type { Service } from "../../model/service/service.ts";
import { type Claims, claimsOf, dropClaims, enterClaims } from "./claims.ts";
import type { Changes, Store } from "./store.ts";

/** Services that are refused because another holds what they claim, until that one lets go of it. */
export interface Waiting {
  readonly services: Map<string, Service>;
  readonly claims: Claims;
}

export function createWaiting(): Waiting {
  return { services: new Map(), claims: new Map() };
}

export interface Settlement {
  readonly store: Store;
  readonly waiting: Waiting;
  readonly nodePortRange: PortRange;
}

/**
 * Takes those Services out of the changes that clash with others, and those in that clash no more. Of two that claim
 * the same the one that has it keeps it; of two new ones the first in the order given. Gives the refused.
 */
export function settleServices({ services }: Changes, settlement: Settlement, sink: Sink): readonly Read<Service>[] {
  const { waiting } = settlement;
  for (const key of services.keys()) stopWaiting(waiting, key);
  letIn(services, settlement);
  const refused: Read<Service>[] = [];
  for (;;) {
    const round = clashes(services, settlement);
    if (round.refused.length === 0) {
      sink.diagnostics.push(...round.diagnostics.filter(({ severity }) => severity !== "error"));
      return refused;
    }
    sink.diagnostics.push(...round.diagnostics.filter(({ severity }) => severity === "error"));
    for (const [key, read] of round.refused) {
      services.delete(key);
      waiting.services.set(key, read.object);
      enterClaims(waiting.claims, key, claimsOf(read.object, []));
      refused.push(read);
    }
  }
}

/** Whoever goes waits no more; whoever comes again is looked at anew. */
export function stopWaiting({ services, claims }: Waiting, key: string): void {
  const service = services.get(key);
  if (service === undefined) return;
  services.delete(key);
  dropClaims(claims, key, claimsOf(service, []));
}

/** Those come in that wait for what a Service had that goes or changes; so do those that wait for what these had. */
function letIn(services: Changes["services"], { store, waiting }: Settlement): void {
  if (waiting.services.size === 0) return;
  // Whoever is let in is met by this very loop.
  for (const key of services.keys()) {
    const before = store.services.get(key);
    if (before === undefined) continue;
    for (const claim of claimsOf(before, [])) {
      for (const waits of waiting.claims.get(claim) ?? []) {
        services.set(waits, waiting.services.get(waits) as Service);
        stopWaiting(waiting, waits);
      }
    }
  }
}

/** Looks at the changed Services after those that hold what they claim. */
function clashes(services: Changes["services"], { store, nodePortRange }: Settlement) {
  const candidates = new Map<string, Read<Service>>();
  const holders = new Map<string, Read<Service>>();
  for (const [key, service] of services) {
    if (service === undefined) continue;
    candidates.set(key, readAgain(service));
    for (const claim of claimsOf(service, store.hostAddresses)) {
      for (const holder of store.claims.get(claim) ?? []) {
        if (!services.has(holder)) holders.set(holder, readAgain(store.services.get(holder) as Service));
      }
    }
  }
  const sink = createSink();
  const all = [...holders.values(), ...candidates.values()];
  checkNodePortClashes(all, nodePortRange, sink);
  checkAddressClashes(all, sink);
  const refused = [...candidates].filter(([, { subject }]) => subject.errors > 0);
  return { refused, diagnostics: sink.diagnostics };
}

function readAgain(object: Service): Read<Service> {
  return { object, subject: createSubject("Service", object.namespace, object.name) };
}
