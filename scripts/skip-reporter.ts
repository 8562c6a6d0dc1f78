import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule, Vitest } from "vitest/node";

/** Skips of one reason that a machine may have. */
export interface ExpectedSkips {
  /** How a reason begins. */
  readonly reason: string;
  /** How many tests; undefined: as many as there are. */
  readonly tests?: number;
  /** A command that exits 0 where this may be; undefined: everywhere. */
  readonly where?: string;
}

export interface SkippedTests {
  readonly reason: string;
  readonly files: readonly string[];
  readonly tests: number;
}

/** What is wrong with the skips of a run of all tests on this machine, a line each. */
export function unexpectedSkips(
  found: readonly SkippedTests[],
  expected: readonly ExpectedSkips[],
  holds: (command: string) => boolean,
): readonly string[] {
  return found.flatMap(({ reason, tests }) => {
    const known = expected.find((one) => reason.startsWith(one.reason));
    if (known === undefined)
      return [`${tests} tests skipped that scripts/expected-skips.json does not expect: ${reason}`];
    if (known.where !== undefined && !holds(known.where))
      return [`${tests} tests skipped (${reason}), but this machine does not lack that: ${known.where} fails`];
    if (known.tests !== undefined && known.tests !== tests)
      return [`${tests} tests skipped instead of ${known.tests}: ${reason}`];
    return [];
  });
}

/**
 * Prints each reason why tests were skipped with their number, after a run. With PORTOLAN_ALL_TESTS the run fails when
 * these are not the skips that expected-skips.json allows this machine.
 */
// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default class SkipReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // Of a run of chosen tests the others count as skipped.
    if (this.#vitest?.config.testNamePattern !== undefined) return;
    const found = groupSkips(modules);
    for (const { reason, files, tests } of found) console.log(`SKIPPED ${tests}: ${reason} (${files.join(", ")})`);
    if (process.env.PORTOLAN_ALL_TESTS === undefined) return;
    const file = new URL("expected-skips.json", import.meta.url);
    const expected: readonly ExpectedSkips[] = JSON.parse(readFileSync(file, "utf8"));
    const problems = unexpectedSkips(found, expected, (command) => spawnSync("sh", ["-c", command]).status === 0);
    for (const problem of problems) console.error(`UNEXPECTED: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
  }
}

function groupSkips(modules: readonly TestModule[]): readonly SkippedTests[] {
  const groups = new Map<string, { files: Set<string>; tests: number }>();
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const reason = reasonOfSkip(test);
      if (reason === undefined) continue;
      const group = groups.get(reason) ?? { files: new Set(), tests: 0 };
      groups.set(reason, { files: group.files.add(module.relativeModuleId), tests: group.tests + 1 });
    }
  }
  return [...groups].map(([reason, { files, tests }]) => ({ reason, files: [...files], tests }));
}

/** Undefined for a test that ran. A test may also find out while it runs, and skip itself with a note. */
function reasonOfSkip(test: TestCase): string | undefined {
  const result = test.result();
  if (result.state !== "skipped") return undefined;
  return test.meta().skipReason ?? result.note ?? `no reason given: ${test.fullName}`;
}
