// What test files import as "vitest" where mutants are tried: it collects tests, so that each can be run by itself, again
// and again, in a process that lives on. Of vitest itself it has the assertions.

import { readFileSync } from "node:fs";
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  GLOBAL_EXPECT,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from "@vitest/expect";
import { spyOn } from "@vitest/spy";

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
export const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect);
Object.assign(expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
Object.defineProperty(globalThis, GLOBAL_EXPECT, { value: expect });
expect.extend(expect, {
  toMatchFileSnapshot: (text, file) => ({
    pass: text === readFileSync(file, "utf8"),
    message: () => `not as in ${file}`,
  }),
});
setState({ assertionCalls: 0, testPath: "", currentTestName: "" }, expect);

export const vi = { spyOn };

/** What the file that is being loaded has: its tests, and the suite that encloses the next one. */
let tests = [];
let suite = { before: [] };
let cleanUp = [];

/** The tests of a file: `load` imports it. */
export async function collect(load) {
  tests = [];
  suite = { before: [] };
  await load();
  return tests;
}

/** Throws if the test fails. */
export async function runTest({ suites, run }) {
  cleanUp = [];
  try {
    for (const { before } of suites) for (const hook of before.splice(0)) await hook();
    await run();
  } finally {
    for (const end of cleanUp.reverse()) await end();
  }
}

export const onTestFinished = (end) => void cleanUp.push(end);
export const beforeAll = (hook) => void suite.before.push(hook);
export const afterAll = () => {};

const describeOne = (_name, ...rest) => {
  const { skip, body } = parts(rest);
  if (skip) return;
  const outer = suite;
  suite = { before: [], outer };
  body();
  suite = outer;
};

const testOne = (_name, ...rest) => {
  const { skip, body } = parts(rest);
  if (!skip) tests.push({ suites: enclosing(suite), run: body });
};

/** Options and the time that a test may take stand before or behind its body. */
function parts(rest) {
  const body = rest.find((one) => typeof one === "function");
  return { body, skip: body === undefined || rest.some((one) => one?.skip === true) };
}

function enclosing(suite) {
  return suite === undefined ? [] : [...enclosing(suite.outer), suite];
}

const withEach = (define) =>
  Object.assign(define, {
    each:
      (rows) =>
      (name, ...rest) => {
        for (const row of rows) {
          const values = Array.isArray(row) ? row : [row];
          define(name, ...rest.map((one) => (typeof one === "function" ? () => one(...values) : one)));
        }
      },
  });

export const describe = withEach(describeOne);
export const it = Object.assign(withEach(testOne), { concurrent: withEach(testOne.bind(null)) });
export const test = it;
