/** Runs every test once: which mutants it reaches, and how often; how long it takes. */
export async function measure(runners, files) {
  const measured = [];
  await inTurn(runners, files, async (runner, { file, needs }) => {
    const answer = await runner.ask({ ask: "measure", file }, 600_000);
    if (answer === undefined) throw new Error(`${file} takes more than ten minutes`);
    for (const { error } of answer.tests)
      if (error !== undefined) console.log(`left out, for it fails without a mutant: a test of ${file}: ${error}`);
    measured.push({ file, needs: new Set(needs), ...answer });
  });
  return measured;
}

/** Gives each runner the next of some pieces of work until none is left. */
export async function inTurn(runners, pieces, work) {
  const waiting = [...pieces];
  const one = async (runner) => {
    for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) await work(runner, piece);
  };
  await Promise.all(runners.map(one));
}

/** What the tests of one mutant take at most, in milliseconds of one core. */
const longest = 20_000;

/** Which tests a mutant must be tried on, the fastest first; whether modules must be loaded anew, or files of tests. */
export function planAttempt({ id, script, siblings }, measured) {
  const isStatic = measured.some(({ shared }) => id in shared);
  const anew = isStatic ? [] : measured.filter(({ own }) => id in own).map(({ file }) => file);
  const chosen = measured.flatMap(({ file, needs, tests }) => {
    const isWhole = isStatic ? needs.has(script) : anew.includes(file);
    return tests
      .map(({ ms, hits, error }, index) => {
        const isNear = isStatic && siblings.some((sibling) => sibling in hits);
        return { file, index, ms, error, hits: hits[id] ?? 0, isNear };
      })
      .filter(({ hits, error }) => error === undefined && (isWhole || hits > 0));
  });
  // What loading reaches may matter to any test, but most to those that reach the code around it.
  const ordered = chosen.sort((a, b) => Number(b.isNear) - Number(a.isNear) || a.ms - b.ms);
  return { isStatic, anew, tests: untilLate(ordered) };
}

function untilLate(tests) {
  let spent = 0;
  return tests.filter(({ ms }) => {
    spent += ms;
    return spent <= longest;
  });
}

/** Runs tests with a mutant: `killed`, `survived`, `not reached`, or `timed out`, which kills as well. */
export async function testMutant(runner, mutant, measured) {
  const { isStatic, anew, tests } = planAttempt(mutant, measured);
  if (tests.length === 0) return "not reached";
  const sum = (of) => tests.reduce((total, one) => total + of(one), 0);
  const request = {
    ask: "attempt",
    mutant: mutant.id,
    // A loop that ends only by this count.
    hitLimit: 1000 + 100 * sum(({ hits }) => hits),
    tests: tests.map(({ file, index }) => ({ file, index })),
    anew,
  };
  // A busy machine is slow, and a new process loads its modules first.
  const patience = 60_000 + 10 * sum(({ ms }) => ms);
  if (isStatic) runner.stop();
  let answer = await runner.ask(request, patience);
  // What the tests before left behind, or this mutant: a new process tells.
  if (answer?.isDirty && !isStatic) {
    runner.stop();
    answer = await runner.ask(request, patience);
  }
  if (isStatic || answer?.isDirty) runner.stop();
  return answer === undefined ? "timed out" : answer.isKilled ? "killed" : "survived";
}
