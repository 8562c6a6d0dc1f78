import { describe, expect, it } from "vitest";
import { compile } from "../../../src/index.ts";

const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { clusterIP: "10.96.0.1", ports: [{ port: 80 }] },
};

function compiled(metadata: object, subset: object) {
  const endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { name: "web", namespace: "shop", ...metadata },
    subsets: [{ ports: [{ port: 8080 }], ...subset }],
  };
  const { script, diagnostics } = compile([service, endpoints], { node: "node1" });
  const text = (script?.steps ?? []).map(({ stdin }) => new TextDecoder().decode(stdin)).join("");
  return { targets: text.match(/--to-destination/g)?.length ?? 0, codes: diagnostics.map(({ code }) => code) };
}

const addresses = (count: number, prefix = "10.9") =>
  Array.from({ length: count }, (_, index) => ({ ip: `${prefix}.${index >> 8}.${index & 255}` }));

describe("Endpoints", () => {
  it("count as slices", () => {
    expect(compiled({}, { addresses: addresses(2) }).targets).toBe(2);
  });

  it("that the mirroring controller passes over do not, with a warning", () => {
    const passedOver = [
      { labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
      { annotations: { "control-plane.alpha.kubernetes.io/leader": "{}" } },
    ];
    for (const metadata of passedOver) {
      const { targets, codes } = compiled(metadata, { addresses: addresses(2) });
      expect(targets).toBe(0);
      expect(codes).toContain("endpoints-not-mirrored");
    }
    const mirrored = { labels: { "endpointslice.kubernetes.io/skip-mirror": "false" } };
    expect(compiled(mirrored, { addresses: addresses(2) }).targets).toBe(2);
  });

  it("count up to a thousand addresses in a subset, ready ones first", () => {
    const many = compiled({}, { addresses: addresses(1001) });
    expect(many).toMatchObject({ targets: 1000, codes: expect.arrayContaining(["endpoints-over-capacity"]) });
    const mixed = { addresses: addresses(999), notReadyAddresses: addresses(5, "10.10") };
    expect(compiled({}, mixed)).toMatchObject({
      targets: 999,
      codes: expect.arrayContaining(["endpoints-over-capacity"]),
    });
  });
});
