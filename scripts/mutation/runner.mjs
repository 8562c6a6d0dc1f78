import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("worker.mjs", import.meta.url));

/** A process that runs tests (worker.mjs), and its successors: one that hangs or dies is replaced. */
export class Runner {
  #planFile;
  #child;

  constructor(planFile) {
    this.#planFile = planFile;
  }

  /** The answer, or undefined when it does not come in time. */
  ask(request, milliseconds) {
    this.#child ??= fork(program, [this.#planFile], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    const child = this.#child;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
      const settle = (then, value) => {
        clearTimeout(timer);
        child.removeAllListeners();
        then(value);
      };
      child.on("exit", () => {
        this.#child = undefined;
        settle(resolve, undefined);
      });
      child.on("message", ({ reply, failed }) =>
        failed === undefined ? settle(resolve, reply) : settle(reject, new Error(failed)),
      );
      child.send(request);
    });
  }

  /** What is asked next meets a new process. */
  stop() {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }
}
