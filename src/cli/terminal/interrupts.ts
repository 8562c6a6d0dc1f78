import { setMaxListeners } from "node:events";
import { exitCodes } from "../exit-codes.ts";

/** Signals while a host is being changed: the running step is completed, then the host is rolled back. */
export interface Interrupts {
  /** The reason to stop, once a signal was received. */
  readonly reason: () => string | undefined;
  readonly exitCode: () => number;
  readonly onInterrupt: (act: () => void) => void;
  readonly end: () => void;
}

/** Includes SIGHUP, which a terminal sends when its connection is lost: the rules may have cut it off. */
const caughtSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

export function catchInterrupts(): Interrupts {
  let caught: NodeJS.Signals | undefined;
  const acts: (() => void)[] = [];
  const note = (signal: NodeJS.Signals): void => {
    caught ??= signal;
    for (const act of acts) act();
  };
  for (const signal of caughtSignals) process.on(signal, note);
  return {
    reason: () => caught && `interrupted by ${caught}`,
    exitCode: () => (caught === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted),
    onInterrupt: (act) => {
      acts.push(act);
      if (caught !== undefined) act();
    },
    end: () => {
      for (const signal of caughtSignals) process.off(signal, note);
    },
  };
}

/** The reader of the output may close its pipe, and the terminal may be lost: the change is completed anyway. */
export function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error");
    stream.on("error", () => {});
  }
}

/** Signals that end a command which runs until it is stopped. */
export interface Stops {
  readonly signal: AbortSignal;
  /** Ends it as a signal does. */
  readonly stop: () => void;
  readonly reason: () => string | undefined;
  readonly exitCode: () => number;
  readonly end: () => void;
}

const stopSignals = ["SIGINT", "SIGTERM", "SIGQUIT"] as const;

/** SIGHUP is ignored: the watch continues when its terminal is closed. */
export function catchStops(): Stops {
  const controller = new AbortController();
  // Each running request adds a listener; Node warns about more than ten.
  setMaxListeners(0, controller.signal);
  let caught: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals): void => {
    caught ??= signal;
    controller.abort();
  };
  const ignore = (): void => {};
  for (const signal of stopSignals) process.on(signal, note);
  process.on("SIGHUP", ignore);
  return {
    signal: controller.signal,
    stop: () => controller.abort(),
    reason: () => caught && `interrupted by ${caught}`,
    exitCode: () => (caught === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted),
    end: () => {
      for (const signal of stopSignals) process.off(signal, note);
      process.off("SIGHUP", ignore);
    },
  };
}
