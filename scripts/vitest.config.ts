import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    // Only what hangs takes as long, on the busiest machine.
    testTimeout: 240_000,
    maxWorkers: Math.min(availableParallelism(), 4),
  },
});
