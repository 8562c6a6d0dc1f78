import { type Backoff, waitAfter } from "./backoff.ts";

/** What has happened so far; times are milliseconds of a clock that only goes forward. */
export interface SyncHistory {
  /** When the first change came that no sync has taken yet. */
  readonly queuedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** When the host was last read and found, or made, as wanted. */
  readonly checkedAt: number | undefined;
  /** In a row. */
  readonly failures: number;
}

export interface SyncPeriods {
  /** From one sync's start to that of the next. */
  readonly least: number;
  /** From one reading of the host to the next. */
  readonly full: number;
  readonly retry: Backoff;
}

export interface NextSync {
  readonly at: number;
  /** Reads the host and plans against it; otherwise only what has changed is sent. */
  readonly isFull: boolean;
}

/** When the host is to be looked at next. The first sync reads it, and so does the one after a failure. */
export function nextSync(history: SyncHistory, periods: SyncPeriods): NextSync {
  const { queuedAt, startedAt, endedAt, checkedAt, failures } = history;
  const soonest = startedAt === undefined ? 0 : startedAt + periods.least;
  if (failures > 0) return { at: (endedAt ?? 0) + waitAfter(failures, periods.retry, 0.5), isFull: true };
  if (checkedAt === undefined) return { at: soonest, isFull: true };
  const check = Math.max(checkedAt + periods.full, soonest);
  if (queuedAt === undefined) return { at: check, isFull: true };
  const at = Math.max(queuedAt, soonest);
  return check <= at ? { at: check, isFull: true } : { at, isFull: false };
}
