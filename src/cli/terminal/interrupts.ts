import { setMaxListeners } from "node:events";
import type { Interruption } from "../../app/change-host.ts";
import { exitCodes } from "../exit-codes.ts";
import { exitOnLoss, handleLosses, isTerminalLost, lossExitCode } from "./outputs.ts";

/** Reasons to stop while a host is being changed: a running tool is completed, then the host is rolled back. */
export interface Interrupts extends Interruption {
  readonly exitCode: () => number;
}

interface Interrupt {
  readonly reason: string;
  readonly exitCode: number;
}

/** Includes SIGHUP, which a terminal sends when its connection is lost: the rules may have cut it off. */
const caughtSignals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Catches signals, a closed terminal and an output that cannot be written; not the closed pipe of a reader. */
export function catchInterrupts(): Interrupts {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let caught: Interrupt | undefined;
  let isOver = false;
  const note = (interrupt: Interrupt): void => {
    if (isOver) process.exit(Number(process.exitCode ?? 0) || interrupt.exitCode);
    caught ??= interrupt;
    controller.abort();
  };
  for (const signal of caughtSignals) {
    const exitCode = signal === "SIGTERM" ? exitCodes.terminated : exitCodes.interrupted;
    process.on(signal, () => note({ reason: `interrupted by ${signal}`, exitCode }));
  }
  handleLosses((loss) => {
    if (loss.kind !== "closed") note({ reason: loss.message, exitCode: lossExitCode(loss) });
  });
  return {
    reason: () => {
      if (isTerminalLost()) note({ reason: "the terminal was closed", exitCode: exitCodes.interrupted });
      return caught?.reason;
    },
    exitCode: () => caught?.exitCode ?? exitCodes.interrupted,
    signal: controller.signal,
    end: () => {
      isOver = true;
    },
  };
}

/** The reader of the output may close its pipe: the change is completed anyway. */
export function ignoreClosedPipes(): void {
  handleLosses((loss) => {
    if (loss.kind !== "closed") exitOnLoss(loss);
  });
}

/** Whatever happens to its output: what changes a host until it is stopped goes on. */
export function ignoreLostOutputs(): void {
  handleLosses(() => {});
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
