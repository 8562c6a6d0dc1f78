import {
  addPending,
  createPending,
  nextSync,
  type SyncHistory,
  type SyncPeriods,
  takePending,
} from "../../follow/next-sync.ts";
import type { ObjectChanges } from "../../incremental/read-changes.ts";
import type { DesiredRules, DesiredUpdate } from "./desired-rules.ts";
import type { SyncResult } from "./sync-host.ts";

/** The result of a sync, for logs and metrics. */
export interface SyncReport {
  readonly isFull: boolean;
  /** The number of changed objects. */
  readonly changes: number;
  readonly milliseconds: number;
  readonly result: SyncResult;
  /** Whether changes arrived during this sync; they wait for the next one. */
  readonly isMore: boolean;
}

export interface ReconcilerOptions {
  readonly rules: DesiredRules;
  readonly periods: SyncPeriods;
  /** Every sync reads the host, since none changes it. */
  readonly isVerify: boolean;
  /** Milliseconds of a monotonic clock. */
  readonly now: () => number;
  /** Resolves after this time, or when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly sync: (update: DesiredUpdate | undefined, isFull: boolean) => Promise<SyncReport["result"]>;
  readonly onUpdate: (update: DesiredUpdate) => void;
  readonly onSync: (report: SyncReport) => void;
  readonly onBug: (error: unknown) => void;
  readonly signal: AbortSignal;
}

export interface Reconciler {
  readonly add: (changes: ObjectChanges) => void;
  /** Called once every kind has been listed: before that, rules would be those of half a cluster. */
  readonly begin: () => void;
  readonly history: () => SyncHistory;
  /** Replaces the compiler after a bug. The caller must then add all objects again and call `begin`. */
  readonly replaceRules: (rules: DesiredRules) => void;
  readonly done: Promise<void>;
}

interface State {
  rules: DesiredRules;
  history: SyncHistory;
  hasBegun: boolean;
  wake: () => void;
}

/** Keeps a host in sync with the cluster: limits how often it syncs, and runs a full sync at intervals. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const pending = createPending();
  const state: State = {
    rules: options.rules,
    history: { queuedAt: undefined, startedAt: undefined, endedAt: undefined, checkedAt: undefined, failures: 0 },
    hasBegun: false,
    wake: () => {},
  };
  const take = (): ObjectChanges => takePending(pending);
  options.signal.addEventListener("abort", () => state.wake());
  return {
    add: (changes) => {
      addPending(pending, changes);
      if (state.history.queuedAt !== undefined) return;
      state.history = { ...state.history, queuedAt: options.now() };
      state.wake();
    },
    begin: () => {
      state.hasBegun = true;
      state.wake();
    },
    history: () => state.history,
    replaceRules: (rules) => {
      state.rules = rules;
      state.hasBegun = false;
      state.history = { ...state.history, checkedAt: undefined };
    },
    done: run(options, state, take),
  };
}

async function run(options: ReconcilerOptions, state: State, take: () => ObjectChanges): Promise<void> {
  const { signal, now, periods } = options;
  while (!signal.aborted) {
    const next = state.hasBegun ? nextSync(state.history, periods) : undefined;
    const wait = next === undefined ? undefined : next.at - now();
    if (next === undefined || wait === undefined || wait > 0) await pause(wait, state, options.sleep);
    else await syncOnce(options, state, { changes: take(), isFull: next.isFull || options.isVerify });
  }
}

/** Waits for this time, or until there is something to do. Undefined: no limit. */
async function pause(wait: number | undefined, state: State, sleep: ReconcilerOptions["sleep"]): Promise<void> {
  const awake = new AbortController();
  const woken = new Promise<void>((resolve) => {
    state.wake = () => {
      awake.abort();
      resolve();
    };
  });
  // A timer of more than 31 bits would end at once; without a timer the process would exit.
  const limit = Math.min(wait ?? 3_600_000, 3_600_000);
  await Promise.race([woken, sleep(limit, awake.signal)]);
}

interface Due {
  readonly changes: ObjectChanges;
  readonly isFull: boolean;
}

/** An exception in the compiler leaves it in an inconsistent state; an exception of the host is an ordinary failure. */
async function attempt(options: ReconcilerOptions, state: State, due: Due & { readonly count: number }) {
  let update: DesiredUpdate | undefined;
  try {
    update = due.count === 0 ? undefined : state.rules.update(due.changes);
    if (update !== undefined) options.onUpdate(update);
  } catch (error) {
    options.onBug(error);
    return failure(error);
  }
  const isFull = due.isFull || (update !== undefined && update.steps === undefined);
  return options.sync(update, isFull).catch(failure);
}

function failure(error: unknown): SyncReport["result"] {
  return { kind: "failed", message: error instanceof Error ? error.message : String(error), step: undefined };
}

async function syncOnce(options: ReconcilerOptions, state: State, { changes, isFull }: Due): Promise<void> {
  const { now } = options;
  const startedAt = now();
  const count = (changes.upsert?.length ?? 0) + (changes.remove?.length ?? 0);
  state.history = { ...state.history, queuedAt: undefined, startedAt };
  const result = await attempt(options, state, { changes, isFull, count });
  const endedAt = now();
  const isChecked = result.kind === "synced" && result.planned !== undefined;
  state.history = {
    ...state.history,
    endedAt,
    // Waiting for a Node or a configuration is not a failure: the next change may contain it.
    failures: result.kind === "failed" ? state.history.failures + 1 : 0,
    checkedAt: isChecked || result.kind === "waiting" ? endedAt : state.history.checkedAt,
  };
  options.onSync({
    isFull,
    changes: count,
    milliseconds: endedAt - startedAt,
    result,
    isMore: state.history.queuedAt !== undefined,
  });
}
