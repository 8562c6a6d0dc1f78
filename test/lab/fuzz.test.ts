import { mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Mode } from "../../scripts/conformance/case.mjs";
import { runFuzzRound } from "../../scripts/conformance/fuzz-round.mjs";
import { findOracle, whyNoRendering } from "../../scripts/conformance/oracle.mjs";
import { compile } from "../../src/index.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";
import { skipFor } from "../harness/skip.ts";

const oracle = findOracle({ tell: console.warn });
const reason = oracle.missing ?? whyNoRendering();

/** `npm run fuzz` goes further; here the same clusters each time. */
const rounds: readonly [Mode, number][] = [
  ["iptables", 7001],
  ["iptables", 7003],
  ["ipvs", 7001],
  ["ipvs", 7004],
];

const folder = mkdtempSync(join(tmpdir(), "portolan-fuzz-"));
afterAll(() => {
  if (readdirSync(folder).length === 0) rmdirSync(folder);
  else console.warn(`the differing cases are kept in ${folder}`);
});

describe("random clusters against the real kube-proxy", skipFor(reason), () => {
  test.each(rounds)("%s mode, seed %i", (mode, seed) => {
    const round = runFuzzRound(oracle.path ?? "", { compile, readDocuments }, { mode, seed, folder });
    expect(round.trouble).toBeUndefined();
    expect(round.differing).toEqual([]);
    expect(round.compared).toBe(20);
  });
});
