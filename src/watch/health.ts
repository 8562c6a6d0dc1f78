/** Times are milliseconds since 1970. */
export interface HealthHistory {
  /** When the oldest change came that no sync has brought to the host; undefined: none waits. */
  readonly queuedAt: number | undefined;
  /** The end of the last sync that went well; undefined before the first. */
  readonly syncedAt: number | undefined;
  readonly isEligible: boolean;
}

export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface HealthClock {
  readonly now: number;
  readonly patience: number;
  /** Spells a time, as RFC 3339 has it. */
  readonly text: (time: number) => string;
}

const never = "0001-01-01T00:00:00Z";

/**
 * What /healthz or /livez answers, in kube-proxy 1.36's words: unhealthy while a change has waited for longer than
 * `patience`. Other than there, /healthz says no before the first sync: without rules no load balancer is to send here.
 */
export function healthOf(
  history: HealthHistory,
  question: "healthz" | "livez",
  { now, patience, text }: HealthClock,
): HealthAnswer {
  const { queuedAt, syncedAt, isEligible } = history;
  const isHealthy = queuedAt === undefined || now - queuedAt < patience;
  const isReady = question === "livez" || (isEligible && syncedAt !== undefined);
  const isGood = isHealthy && isReady;
  return {
    status: isGood ? 200 : 503,
    body: {
      // As in kube-proxy: the current time while all is well, even if there has been nothing to sync for long.
      lastUpdated: isGood ? text(now) : syncedAt === undefined ? never : text(syncedAt),
      currentTime: text(now),
      ...(question === "healthz" ? { nodeEligible: isEligible } : {}),
      healthy: isHealthy,
    },
  };
}
