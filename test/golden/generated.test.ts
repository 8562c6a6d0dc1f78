import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generateCase, storedFiles } from "../../scripts/golden/generate-case.mjs";
import { caseFolder, goldenCases } from "../harness/golden-cases.ts";

describe("golden cases hold what the compiler writes, in each mode", () => {
  it("are at least 70", () => {
    expect(goldenCases().length).toBeGreaterThanOrEqual(70);
  });
  it.concurrent.each(goldenCases())("%s", async (name) => {
    const workspace = mkdtempSync(join(tmpdir(), "golden-"));
    try {
      const directory = caseFolder(name);
      expect(await generateCase(directory, workspace)).toEqual(storedFiles(directory));
    } finally {
      rmSync(workspace, { recursive: true });
    }
  });
});
