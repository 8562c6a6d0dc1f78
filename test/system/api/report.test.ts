import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("what the package exports is written down (npm run api)", async () => {
  const { apiReport, reportPath } = await import("../../../scripts/api.mjs");
  expect(apiReport()).toBe(readFileSync(reportPath, "utf8"));
});
