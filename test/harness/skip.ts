import type { TestOptions } from "vitest";

declare module "vitest" {
  interface TaskMeta {
    readonly skipReason?: string;
  }
}

/**
 * Options of a test or suite: it runs, or is skipped for a reason. Every skip goes through here: the last lines of a run
 * tell each reason with its count, and `npm run test:all` fails on one that scripts/expected-skips.json does not expect.
 */
export function skipFor(reason: string | undefined): TestOptions {
  return reason === undefined ? {} : { skip: true, meta: { skipReason: reason } };
}
