/** Why a command cannot go on. What that means for a process is for its caller to say. */
export type FailureKind = "usage" | "invalid-input" | "environment" | "stale-plan";

/** Ends a command with a message for people; anything else that is thrown is a bug. */
export class Failure extends Error {
  readonly kind: FailureKind;

  constructor(message: string, kind: FailureKind) {
    super(message);
    this.kind = kind;
  }
}
