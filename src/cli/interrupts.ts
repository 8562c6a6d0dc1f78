import { exitCodes } from "./exit-codes.ts";

/** Signals while a host is being changed: the running step is let finish, then the host is led back. */
export interface Interrupts {
  /** Why to stop, once a signal has come. */
  readonly reason: () => string | undefined;
  readonly exitCode: () => number;
  readonly onInterrupt: (act: () => void) => void;
  readonly end: () => void;
}

export function catchInterrupts(): Interrupts {
  let caught: NodeJS.Signals | undefined;
  const acts: (() => void)[] = [];
  const note = (signal: NodeJS.Signals): void => {
    caught ??= signal;
    for (const act of acts) act();
  };
  process.on("SIGINT", note);
  process.on("SIGTERM", note);
  return {
    reason: () => caught && `interrupted by ${caught}`,
    exitCode: () => (caught === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted),
    onInterrupt: (act) => acts.push(act),
    end: () => {
      process.off("SIGINT", note);
      process.off("SIGTERM", note);
    },
  };
}
