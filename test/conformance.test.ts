import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkCase, isIptablesCase } from "../scripts/conformance/case.mjs";
import { sharedFolder } from "../scripts/conformance/oracle.mjs";
import { readDocuments } from "../src/host/read-documents.ts";
import { compile } from "../src/index.ts";

const root = join(sharedFolder, "conformance/cases");
const isThere = existsSync(root);
if (!isThere) console.warn(`SKIPPED: the conformance cases, since there is no ${root}`);

describe.skipIf(!isThere)("the rules of the real kube-proxy", () => {
  const names = isThere ? readdirSync(root).sort() : [];
  const cases = names.filter(
    (name) => existsSync(join(root, name, "cluster.yaml")) && isIptablesCase(join(root, name)),
  );

  test.each(cases)("%s", (name) => {
    expect(checkCase(join(root, name), { compile, readDocuments })).toEqual([]);
  });
});
