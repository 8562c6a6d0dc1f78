import { describe, expect, it } from "vitest";
import { changedFields, type SideObject } from "../../../src/diff/changed-fields.ts";

function service(spec: object): readonly SideObject[] {
  const source: SideObject["source"] = (path) => ({ file: path.join("."), line: 1, column: 1 });
  return [{ name: "Service shop/web", value: { spec, status: {} }, deciding: [["spec"]], source }];
}

const http = { name: "http", port: 80, nodePort: 30080 };
const https = { name: "https", port: 443 };

describe("changedFields", () => {
  it.each([
    ["a value", { type: "ClusterIP" }, { type: "NodePort" }, "spec.type: ClusterIP -> NodePort at spec.type"],
    ["a new value", {}, { type: "NodePort" }, "spec.type: none -> NodePort at spec.type"],
    ["no value", { type: "NodePort" }, {}, "spec.type: NodePort -> none at spec"],
    [
      "a field of a list item that moved",
      { ports: [http, https] },
      { ports: [https, { ...http, nodePort: 30081 }] },
      "spec.ports[1].nodePort: 30080 -> 30081 at spec.ports.1.nodePort",
    ],
    ["an item", { ports: [http] }, { ports: [http, https] }, "spec.ports[1]: none -> https at spec.ports.1"],
    ["no item", { ports: [http, https] }, { ports: [http] }, "spec.ports[1]: https -> none at spec.ports"],
    [
      "a list of values",
      { externalIPs: ["192.0.2.1"] },
      { externalIPs: ["192.0.2.1", "192.0.2.2"] },
      'spec.externalIPs: ["192.0.2.1"] -> ["192.0.2.1","192.0.2.2"] at spec.externalIPs',
    ],
  ])("finds %s", (_, before, after, told) => {
    const texts = changedFields(service(before), service(after)).map(
      ({ field, was = "none", now = "none", source }) => `${field}: ${was} -> ${now} at ${source?.file}`,
    );
    expect(texts).toEqual([told]);
  });

  it("finds nothing in equal objects, and in objects that only one side has", () => {
    expect(changedFields(service({ type: "NodePort" }), service({ type: "NodePort" }))).toEqual([]);
    expect(changedFields([], service({ type: "NodePort" }))).toEqual([]);
  });
});
