// A process that lives on: it loads tests once, and runs those that it is asked for with one mutant active.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { collect, runTest } from "./vitest.mjs";

/** What instrumented code reads: `activeMutant`, and where it counts which mutants were reached. */
const switches = { mutantCoverage: { static: {}, perTest: {} } };
globalThis.__stryker__ = switches;

const { needs, sample } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const wanted = new Set(sample);
/** The tests of a file, once it is loaded. */
const loaded = new Map();
let imports = 0;
const longestFile = 20_000;

/** A promise that nobody waits for may fail. */
let stray;
for (const event of ["uncaughtException", "unhandledRejection"]) process.on(event, (error) => (stray = error));

const answers = {
  /**
   * Runs each test of a file: which mutants it reaches how often, and those that loading reaches. The rest of a file whose
   * first tests take long is left out.
   */
  async measure({ file }) {
    const shared = await counted(() => loadNeeds(file));
    const own = await counted(() => loadTests(file));
    const tests = [];
    const begin = spent();
    for (const test of loaded.get(file)) {
      const start = spent();
      if (start - begin > longestFile) break;
      let error;
      const hits = await counted(async () => {
        error = await failureOf(test);
      });
      tests.push({ ms: spent() - start, hits, error: error?.stack });
    }
    return { shared, own, tests };
  },

  /** Runs tests in the order given until one fails: whether one did, and whether it fails without the mutant as well. */
  async attempt({ mutant, hitLimit, tests, anew }) {
    activate(mutant, hitLimit, anew);
    const failed = await firstFailure(tests);
    activate(undefined, 0, anew);
    return {
      isKilled: failed !== undefined,
      isDirty: failed !== undefined && (await firstFailure([failed])) !== undefined,
    };
  },
};

/** Milliseconds of this process on a core: other work on the machine does not count. */
const spent = () => process.cpuUsage().user / 1000;

function activate(activeMutant, hitLimit, anew) {
  Object.assign(switches, { activeMutant, hitCount: 0, hitLimit });
  for (const file of anew) loaded.delete(file);
}

async function firstFailure(tests) {
  for (const test of tests) if ((await failureOf(await testAt(test))) !== undefined) return test;
}

async function counted(run) {
  const hits = {};
  switches.currentTestId = "now";
  switches.mutantCoverage.perTest.now = hits;
  await run();
  switches.currentTestId = "else";
  return Object.fromEntries(Object.entries(hits).filter(([id]) => wanted.has(id)));
}

/** With a mutant that is reached while a file is loaded, loading may fail. */
async function testAt({ file, index }) {
  try {
    if (!loaded.has(file)) {
      await loadNeeds(file);
      await loadTests(file);
    }
    return loaded.get(file)[index];
  } catch (error) {
    return { suites: [], run: () => Promise.reject(error) };
  }
}

/** All modules that a file of tests needs, for coverage tells what is reached by loading from what is reached by tests. */
async function loadNeeds(file) {
  for (const path of needs[file]) await import(pathToFileURL(path));
}

async function loadTests(file) {
  imports += 1;
  loaded.set(file, await collect(() => import(`${pathToFileURL(file)}?${imports}`)));
}

async function failureOf(test) {
  // With fewer tests than without the mutant.
  if (test === undefined) return new Error("no such test");
  stray = undefined;
  try {
    await runTest(test);
    return stray;
  } catch (error) {
    return error ?? new Error("thrown: nothing");
  }
}

process.on("message", async ({ ask, ...request }) => {
  try {
    process.send({ reply: await answers[ask](request) });
  } catch (error) {
    process.send({ failed: error.stack });
  }
});

process.on("disconnect", () => process.exit());
