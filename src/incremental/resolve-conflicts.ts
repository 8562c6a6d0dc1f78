import { createSink, createSubject, type Diagnostic, type Sink } from "../diagnostics/diagnostic.ts";
import { checkAddressClashes, checkNodePortClashes, type PortRange } from "../model/check-clashes.ts";
import type { Service } from "../model/objects/service.ts";
import type { Read } from "../model/read-objects.ts";
import { type Claims, claimsOf, dropClaims, enterClaims } from "./claims.ts";
import type { Changes, Store } from "./store.ts";

/** Services that are refused because another Service holds a claim of theirs. They wait until it is released. */
export interface ConflictQueue {
  readonly services: Map<string, Service>;
  readonly claims: Claims;
}

export function createWaiting(): ConflictQueue {
  return { services: new Map(), claims: new Map() };
}

export interface Settlement {
  readonly store: Store;
  readonly waiting: ConflictQueue;
  readonly nodePortRange: PortRange;
}

/**
 * Removes conflicting Services from the changes, and adds waiting ones without a conflict. The current holder keeps a
 * claim; of two new Services the first one gets it. Returns the refused Services.
 */
export function resolveConflicts({ services }: Changes, settlement: Settlement, sink: Sink): readonly Read<Service>[] {
  const { waiting } = settlement;
  for (const key of services.keys()) stopWaiting(waiting, key);
  letIn(services, settlement);
  const refused = refuseClashing(services, settlement, sink);
  // A Service that conflicted only with a refused one is accepted after all.
  retry(refused, services, settlement, sink);
  for (const [key, { object }] of refused) {
    waiting.services.set(key, object);
    enterClaims(waiting.claims, key, claimsOf(object, []));
  }
  return [...refused.values()];
}

type Refused = Map<string, Read<Service>>;

const isError = ({ severity }: Diagnostic): boolean => severity === "error";

/**
 * Removes conflicting Services until there is no conflict. A removed Service keeps its old claims, which may cause new
 * conflicts.
 */
function refuseClashing(services: Changes["services"], settlement: Settlement, sink: Sink): Refused {
  const refused: Refused = new Map();
  for (;;) {
    const round = clashes(services, { services, settlement });
    if (round.refused.length === 0) {
      sink.diagnostics.push(...round.diagnostics);
      return refused;
    }
    for (const [key, read] of round.refused) {
      services.delete(key);
      refused.set(key, read);
    }
  }
}

/** Accepts refused Services that no longer conflict, one by one, and reports the others. */
function retry(refused: Refused, services: Changes["services"], settlement: Settlement, sink: Sink): void {
  if (refused.size === 0) return;
  const { hostAddresses } = settlement.store;
  const accepted: Claims = new Map();
  const accept = (key: string, service: Service): void => enterClaims(accepted, key, claimsOf(service, hostAddresses));
  for (const [key, service] of services) if (service !== undefined) accept(key, service);
  const errors = new Map<string, readonly Diagnostic[]>();
  for (let left = -1; left !== refused.size; ) {
    left = refused.size;
    for (const [key, { object }] of refused) {
      services.set(key, object);
      const again = clashes(new Map([[key, object]]), { services, settlement, accepted });
      sink.diagnostics.push(...(again.refused.length > 0 ? [] : again.diagnostics));
      errors.set(key, again.diagnostics.filter(isError));
      if (again.refused.length > 0) services.delete(key);
      else {
        refused.delete(key);
        accept(key, object);
      }
    }
  }
  for (const key of refused.keys()) sink.diagnostics.push(...(errors.get(key) ?? []));
}

/** A Service that is deleted or changed no longer waits; if it is given again, it is checked again. */
export function stopWaiting({ services, claims }: ConflictQueue, key: string): void {
  const service = services.get(key);
  if (service === undefined) return;
  services.delete(key);
  dropClaims(claims, key, claimsOf(service, []));
}

/**
 * Adds Services that wait for a claim of a deleted or changed Service, and those that wait for claims of the added
 * ones.
 */
function letIn(services: Changes["services"], { store, waiting }: Settlement): void {
  if (waiting.services.size === 0) return;
  // The loop also visits the Services that it adds.
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

interface Surroundings {
  readonly services: Changes["services"];
  readonly settlement: Settlement;
  /** Claims of the accepted Services among the changes. */
  readonly accepted?: Claims;
}

/** Checks candidates against the Services that hold their claims. */
function clashes(candidates: Changes["services"], { services, settlement, accepted }: Surroundings) {
  const { store, nodePortRange } = settlement;
  const reads = new Map<string, Read<Service>>();
  const holders = new Map<string, Read<Service>>();
  for (const [key, service] of candidates) {
    if (service === undefined) continue;
    reads.set(key, readAgain(service));
    for (const claim of claimsOf(service, store.hostAddresses)) {
      for (const holder of store.claims.get(claim) ?? []) {
        if (!services.has(holder)) holders.set(holder, readAgain(store.services.get(holder) as Service));
      }
      for (const holder of accepted?.get(claim) ?? []) holders.set(holder, readAgain(services.get(holder) as Service));
    }
  }
  const sink = createSink();
  const all = [...holders.values(), ...reads.values()];
  checkNodePortClashes(all, nodePortRange, sink);
  checkAddressClashes(all, sink);
  const refused = [...reads].filter(([, { subject }]) => subject.errors > 0);
  return { refused, diagnostics: sink.diagnostics };
}

function readAgain(object: Service): Read<Service> {
  return { object, subject: createSubject("Service", object.namespace, object.name) };
}
