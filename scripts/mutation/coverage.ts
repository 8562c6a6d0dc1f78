import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect } from "vitest";

/** What instrumented code keeps on the global object. */
interface MutantCoverage {
  readonly __stryker__?: { readonly mutantCoverage?: { readonly static: Readonly<Record<string, number>> } };
}

const start = performance.now();

afterAll(() => {
  const file = expect.getState().testPath ?? "";
  const reached = (globalThis as MutantCoverage).__stryker__?.mutantCoverage?.static ?? {};
  const record = { file, ms: performance.now() - start, ids: Object.keys(reached) };
  writeFileSync(join(process.env.PORTOLAN_MUTANT_COVERAGE ?? "", file.replaceAll("/", "_")), JSON.stringify(record));
});
