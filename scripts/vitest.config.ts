import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** A folder of test/ each; test/README.md tells what belongs into which. */
const projects = ["unit", "golden", "system", "lab", "cluster"];

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    // Only what hangs takes as long, on the busiest machine.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    reporters: ["default", "./scripts/skip-reporter.ts"],
    // Tests of the kernel have network namespaces, locks and ports of their own, so that files of all projects run at once. Many
    // of them wait for a timeout: one more than there are cores.
    maxWorkers: Math.min(availableParallelism() + 1, 4),
    projects: projects.map((name) => ({
      extends: true as const,
      // Unit tests are of pure functions: one process runs many files, which saves half of the time.
      test: { name, include: [`test/${name}/**/*.test.ts`], isolate: name !== "unit" },
    })),
  },
});
