import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { caseVersions, checkCase, type Mode, modeOf } from "../../scripts/conformance/case.mjs";
import { corpusCases } from "../../scripts/conformance/corpus.mjs";
import { compile } from "../../src/index.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";
import { skipFor } from "../harness/skip.ts";

const modes: readonly Mode[] = ["iptables", "ipvs", "nftables"];
const cases = corpusCases("cases").map((one) => ({ ...one, mode: modeOf(one.folder) }));

test("every state has what the real kube-proxy made of it", () => {
  const without = cases.filter(({ folder }) => !existsSync(join(folder, "expected")));
  expect(without.map(({ name }) => name)).toEqual([]);
});

describe.each(modes)("the real kube-proxy in %s mode", (mode) => {
  const own = cases.filter((one) => one.mode === mode);

  test("there are cases", () => expect(own.length).toBeGreaterThan(70));

  test.each(own.map(({ name, folder }) => [name, folder] as const))("%s", (_name, folder) => {
    const differences = caseVersions.map((version) => checkCase(folder, { compile, readDocuments }, version));
    expect(differences).toEqual(caseVersions.map(() => []));
  });
});

/** Parts of the corpus that wait for their program: counted as skipped, so that they are not forgotten. */
const waiting = {
  "the programs of DNS": corpusCases("dns"),
  "Ingress controllers": corpusCases("ingress"),
};

describe.each(Object.entries(waiting))("%s", (program, all) => {
  const names = all.filter(({ isNewer }) => !isNewer).map(({ name }) => name);

  test.each(names)("%s", skipFor(`Portolan does not know ${program} yet`), () => {
    throw new Error("no program to try it with");
  });
});
