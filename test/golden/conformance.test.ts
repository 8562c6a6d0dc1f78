import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkCase, type Mode, modeOf } from "../../scripts/conformance/case.mjs";
import { sharedFolder } from "../../scripts/conformance/oracle.mjs";
import { compile } from "../../src/index.ts";
import { readDocuments } from "../../src/model/documents/read-documents.ts";

const root = join(sharedFolder, "conformance/cases");
const isThere = existsSync(root);
if (!isThere) console.warn(`SKIPPED: the conformance cases, since there is no ${root}`);

const names = isThere ? readdirSync(root).filter((name) => existsSync(join(root, name, "cluster.yaml"))) : [];

const modes: readonly Mode[] = ["iptables", "ipvs"];
const others = names.filter((name) => !modes.some((mode) => mode === modeOf(join(root, name))));
if (others.length > 0) console.warn(`SKIPPED: ${others.length} conformance cases of modes that are not compiled yet`);

describe.skipIf(!isThere).each(modes)("the real kube-proxy in %s mode", (mode) => {
  const cases = names.filter((name) => modeOf(join(root, name)) === mode).sort();

  test("there are cases", () => expect(cases.length).toBeGreaterThan(0));

  test.each(cases)("%s", (name) => {
    expect(checkCase(join(root, name), { compile, readDocuments })).toEqual([]);
  });
});

// Counted as skipped, so that they are not forgotten.
describe.skipIf(others.length > 0)("cases of other modes", () => {
  test("there are none", () => expect(others).toEqual([]));
});
