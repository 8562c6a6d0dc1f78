/** What scripts may rely on. */
export const exitCodes = {
  fine: 0,
  usage: 2,
  invalidInput: 3,
  environment: 4,
  bug: 70,
} as const;

/** Ends a command with a message and an exit code; anything else that is thrown is a bug. */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}
