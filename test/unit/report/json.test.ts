import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { renderJson } from "../../../src/report/diff/json.ts";
import { diffSchema } from "../../../src/report/schema-diff.ts";
import { hasControls } from "../../harness/controls.ts";
import { cosmeticDiff, emptyDiff } from "../../harness/report/diffs.ts";
import { hostileDiff, hostileText } from "../../harness/report/hostile.ts";
import { largeDiff, smallDiff } from "../../harness/report/samples.ts";

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
const validate = ajv.compile(diffSchema);

describe("renderJson", () => {
  it.each(Object.entries({ smallDiff, emptyDiff, cosmeticDiff, hostileDiff, large: largeDiff(50) }))(
    "%s keeps to the schema",
    (_, diff) => {
      validate(JSON.parse(renderJson(diff)));
      expect(validate.errors).toBeNull();
    },
  );

  it("says of each change what the specification names", () => {
    const { apiVersion, kind, changes, rules } = JSON.parse(renderJson(smallDiff));
    expect({ apiVersion, kind }).toEqual({ apiVersion: "portolan/v1alpha1", kind: "Diff" });
    expect(changes[1]).toMatchObject({
      service: "shop/checkout:grpc",
      port: 9090,
      node: "n1",
      nodes: ["n1", "n2", "n3"],
      severity: "access-lost",
      kind: "removed",
      vip: "10.96.100.2:9090/TCP",
      before: [{ from: "any source", outcomes: [{ destination: "10.244.2.7:9090", share: 1, exact: "1/1" }] }],
      after: [{ from: "any source", outcomes: [{ verdict: "rejected", destination: null }] }],
      examplePacket: { from: "10.244.1.5", to: "10.96.100.2:9090", protocol: "tcp" },
      source: { file: "deploy/checkout.yaml", line: 8 },
    });
    expect(changes[2]).toMatchObject({ service: null, source: null });
    // Two added, one changed and three removed on each of three nodes.
    expect(rules).toMatchObject({ added: 6, changed: 3, removed: 9, moved: 0, byNode: [{ added: 2 }] });
  });

  it("keeps names as they are without control characters in the text", () => {
    const json = renderJson(hostileDiff);
    expect(hasControls(json)).toBe(false);
    expect(JSON.parse(json).changes.map(({ service }: { service: string }) => service)).toEqual(hostileText);
  });
});

describe("the schema", () => {
  it("refuses what is not there or not known", () => {
    const document = JSON.parse(renderJson(smallDiff));
    expect(validate({ ...document, more: 1 })).toBe(false);
    expect(validate({ ...document, changes: [{ ...document.changes[0], severity: "bad" }] })).toBe(false);
    expect(validate({ ...document, kind: undefined })).toBe(false);
  });
});
