/** Why the cluster cannot be read, in words for people. */
export interface Failed {
  readonly kind: "failed";
  readonly message: string;
  /** Seconds that the API server asks to wait before trying again. */
  readonly retryAfter?: number | undefined;
  /** The HTTP status of an API server that refuses. */
  readonly status?: number;
  /** No connection, since client and server do not trust each other, or do not both speak TLS. */
  readonly isTls?: boolean;
}

export function failed(message: string): Failed {
  return { kind: "failed", message };
}
