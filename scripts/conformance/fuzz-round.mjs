import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkCase, modeOf } from "./case.mjs";
import { mutateCase } from "./mutate.mjs";
import { generateCases, renderCases } from "./oracle.mjs";

/** How many cases the oracle is asked for with one seed; about half are of each mode. */
export const casesPerSeed = 20;

/**
 * One seed: random clusters of the mode are compared as they are; those of the other mode are turned into it,
 * changed further and compared too. Folders of cases that agree are removed.
 */
export function runFuzzRound(oracle, product, { mode, seed, folder, limit = Infinity }) {
  const home = join(folder, `${mode}-${seed}`);
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  generateCases(oracle, { seed, count: casesPerSeed, folder: home });
  const names = readdirSync(home).sort();
  const folders = names.map((name) => join(home, name)).slice(0, limit);
  folders.forEach((each, index) => {
    if (modeOf(each) !== mode) mutateCase(each, mode, seed * casesPerSeed + index);
  });
  const trouble = renderCases(oracle, folders);
  const differing = folders.flatMap((each) => {
    const differences = checkSafely(each, product);
    if (differences.length === 0) rmSync(each, { recursive: true });
    return differences.length === 0 ? [] : [{ folder: each, differences }];
  });
  if (differing.length === 0) rmSync(home, { recursive: true });
  return { compared: folders.length, differing, trouble };
}

/** An exception is a finding like any other. */
function checkSafely(folder, product) {
  try {
    return checkCase(folder, product);
  } catch (error) {
    return [`portolan throws: ${error instanceof Error ? error.stack : String(error)}`];
  }
}
