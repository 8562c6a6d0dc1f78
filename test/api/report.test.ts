import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const script = new URL("../../scripts/api.mjs", import.meta.url).href;

test("what the package exports is written down (npm run api)", async () => {
  const { apiReport, reportPath } = await import(/* @vite-ignore */ script);
  expect(apiReport()).toBe(readFileSync(reportPath, "utf8"));
});
