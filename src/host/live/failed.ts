/** Why the cluster cannot be read, in words for people. */
export interface Failed {
  readonly kind: "failed";
  readonly message: string;
}

export function failed(message: string): Failed {
  return { kind: "failed", message };
}
