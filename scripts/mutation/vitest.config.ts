import { defineConfig } from "vitest/config";

const measures = process.env.PORTOLAN_MUTANT_COVERAGE !== undefined;

/** The tests that mutants meet: those in process, but for the ones that read the source as text, run dist/ or take minutes. */
// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    root: new URL("../..", import.meta.url).pathname,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    include: ["test/{unit,golden}/**/*.test.ts", "test/system/watch/{bugs,objects,watch}.test.ts"],
    exclude: [
      "test/unit/{lock-file,skips}.test.ts",
      "test/golden/{any-document,generated,hostile-names,properties,snapshot}.test.ts",
      "test/golden/{diff,evaluate}/{agrees-with-packets,any-text,brute-force,mutation}.test.ts",
    ],
    pool: "threads",
    // Which file reaches a mutant is known only where each loads its modules anew.
    isolate: measures,
    setupFiles: measures ? ["scripts/mutation/coverage.ts"] : [],
    experimental: { fsModuleCache: true },
  },
});
