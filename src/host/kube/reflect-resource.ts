import { setTimeout as sleep } from "node:timers/promises";
import { waitAfter } from "../../follow/next-sync.ts";
import { createMirror, forgetContents } from "../../follow/resource-cache.ts";
import type { ReflectorOptions, ReflectorState, Round } from "./reflector.ts";
import { checkVersion, listResource, watchResource } from "./watch-resource.ts";

export interface Reflector {
  /** Lists and reports all objects again; only their names are remembered. */
  readonly restart: () => void;
  /** Never rejects; resolves when the signal aborts. */
  readonly done: Promise<void>;
}

/** Lists and watches one kind of object, and recovers from any failure of the server or the network. */
export function reflectResource(options: ReflectorOptions): Reflector {
  const state: ReflectorState = {
    mirror: createMirror(options.resource.kind),
    version: undefined,
    failures: 0,
    bookmarks: 0,
    isTroubled: false,
    leave: new AbortController(),
  };
  options.signal.addEventListener("abort", () => state.leave.abort());
  return {
    restart: () => {
      forgetContents(state.mirror);
      state.version = undefined;
      state.leave.abort();
    },
    done: follow(options, state),
  };
}

/** Seconds; a longer Retry-After of the server is cut to this. */
const longestWait = 60;

async function follow(options: ReflectorOptions, state: ReflectorState): Promise<void> {
  const { times, signal, handlers, resource } = options;
  while (!signal.aborted) {
    const began = performance.now();
    state.leave = new AbortController();
    const trouble = await round(options, state).catch(
      (error: unknown): Round => ({ kind: "bug", message: error instanceof Error ? error.message : String(error) }),
    );
    if (signal.aborted) return;
    let wait = Math.max(0, times.apart - (performance.now() - began));
    if (trouble?.kind === "left-out") {
      wait = times.length;
      handlers.leftOut({ ...trouble, message: options.credentials.conceal(trouble.message) });
      state.isTroubled = true;
    } else if (trouble !== undefined) {
      state.failures += 1;
      state.isTroubled = true;
      const { kind, message, isOutage, retryAfter = 0 } = trouble;
      wait = Math.max(waitAfter(state.failures, times.retry, Math.random()), 1000 * Math.min(retryAfter, longestWait));
      handlers.trouble({
        kind,
        isOutage,
        message: options.credentials.conceal(message),
        plural: resource.plural,
        wait,
      });
    }
    // A kind that is left out is asked for again when a watch would have ended, or when all is read again.
    const woken = trouble?.kind === "left-out" ? state.leave.signal : signal;
    await sleep(wait, undefined, { signal: woken }).catch(() => {});
  }
}

async function round(options: ReflectorOptions, state: ReflectorState): Promise<Round> {
  if (state.version === undefined) {
    const trouble = await listResource(options, state);
    if (trouble !== undefined) return trouble;
  } else if (state.failures > 0) {
    const trouble = await checkVersion(options, state);
    if (trouble !== undefined) return trouble;
  }
  return watchResource(options, state);
}
