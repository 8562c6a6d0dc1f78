/** Why the cluster cannot be read, in words for people. */
export interface Failed {
  readonly kind: "failed";
  readonly message: string;
  /** Seconds that the API server asks to wait before trying again. */
  readonly retryAfter?: number | undefined;
  /** Whether a right is missing (403). */
  readonly isForbidden?: boolean;
}

export function failed(message: string): Failed {
  return { kind: "failed", message };
}
