import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { generateCase, goldenCases, storedFiles } from "../scripts/golden/generate-case.mjs";

const root = new URL("../golden/", import.meta.url).pathname;

describe("golden cases hold what the compiler writes, in each mode", () => {
  it("are at least 70", () => {
    expect(goldenCases(root).length).toBeGreaterThanOrEqual(70);
  });
  it.concurrent.each(goldenCases(root))("%s", async (name) => {
    const workspace = mkdtempSync(join(tmpdir(), "golden-"));
    try {
      const directory = join(root, name);
      expect(await generateCase(directory, workspace)).toEqual(storedFiles(directory));
    } finally {
      rmSync(workspace, { recursive: true });
    }
  });
});
