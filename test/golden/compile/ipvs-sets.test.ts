import { describe, expect, it } from "vitest";
import { compile } from "../../../src/index.ts";
import { clusterIpOf, testNode } from "../../harness/cluster-objects.ts";

/** Services without endpoints, with so many ports that the set of cluster IPs overflows its default room. */
function stateOf(services: number, ports: number): readonly object[] {
  const numbers = Array.from({ length: ports }, (_, index) => ({ name: `p${index + 1}`, port: index + 1 }));
  const named = Array.from({ length: services }, (_, s) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name: `svc-${s}` },
    spec: { clusterIP: clusterIpOf(s), ports: numbers },
  }));
  return [testNode, ...named];
}

describe("sets of the ipvs mode", () => {
  it("get room for more than 65,536 entries, and say so", () => {
    const { script, diagnostics } = compile(stateOf(70, 1000), { mode: "ipvs" });
    const sets = new TextDecoder().decode(script?.steps.find(({ file }) => file === "ipset.restore")?.stdin);
    expect(sets).toContain("create KUBE-CLUSTER-IP hash:ip,port family inet maxelem 131072\n");
    expect(sets.match(/^add KUBE-CLUSTER-IP /gm)?.length).toBe(70_000);
    expect(diagnostics.find(({ code }) => code === "ipset-enlarged")?.message).toContain("70000 entries");
  });

  it("keep their default room otherwise", () => {
    const { script, diagnostics } = compile(stateOf(2, 10), { mode: "ipvs" });
    const sets = new TextDecoder().decode(script?.steps.find(({ file }) => file === "ipset.restore")?.stdin);
    expect(sets).not.toContain("maxelem");
    expect(diagnostics.map(({ code }) => code)).not.toContain("ipset-enlarged");
  });
});
