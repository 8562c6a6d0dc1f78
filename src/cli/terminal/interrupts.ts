import { setMaxListeners } from "node:events";
import { exitCodes } from "../exit-codes.ts";

/** Signals while a host is being changed: the running step is let finish, then the host is led back. */
export interface Interrupts {
  /** Why to stop, once a signal has come. */
  readonly reason: () => string | undefined;
  readonly exitCode: () => number;
  readonly onInterrupt: (act: () => void) => void;
  readonly end: () => void;
}

/** Among them what a terminal sends when its line is lost: the rules may have cut it off. */
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

/** Whoever reads what is said may go away, and a terminal may be lost: the change is brought to its end all the same. */
export function ignoreBrokenPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners("error");
    stream.on("error", () => {});
  }
}

/** Signals to something that runs until one comes. */
export interface Stops {
  readonly signal: AbortSignal;
  /** Ends it as a signal does. */
  readonly stop: () => void;
  readonly reason: () => string | undefined;
  readonly exitCode: () => number;
  readonly end: () => void;
}

const stopSignals = ["SIGINT", "SIGTERM", "SIGQUIT"] as const;

/** SIGHUP is ignored: rules are to be kept when a terminal goes away. */
export function catchStops(): Stops {
  const controller = new AbortController();
  // Every request that runs listens; Node warns of more than ten.
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
