import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { packetSchema } from "../../../src/report/schema-packet.ts";
import { asked, caseFlags, explain } from "./ask-packet.ts";

describe("explain packet -o json", () => {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile(packetSchema);

  it.each([
    ["iptables", "affinity-clientip", "10.0.1.5", "10.96.0.50:80"],
    ["ipvs", "affinity-clientip", "10.0.1.5", "10.96.0.50:80"],
    ["iptables", "endpoints-none", "internet", "192.0.2.10:30080"],
    ["iptables", "nodeport-local-policy", "node", "192.0.2.10:30080"],
    ["ipvs", "nodeport-local-policy", "internet", "192.0.2.10:22"],
  ])("keeps to the schema: %s %s %s %s", async (mode, name, from, to) => {
    validate(await explain([...asked(from, to), ...caseFlags(name), "--mode", mode]));
    expect(validate.errors).toBeNull();
  });

  it("holds exact shares, the rules by number, and why they are there", async () => {
    const { outcomes, ...rest } = await explain([
      ...asked("10.0.9.9", "10.96.0.50:80"),
      ...caseFlags("affinity-clientip"),
    ]);
    expect(rest).toMatchObject({ apiVersion: "portolan/v1alpha1", kind: "PacketExplanation", node: "node1" });
    expect(outcomes.map(({ exact }) => exact)).toEqual([
      "715827883/2147483648",
      "1431655765/4294967296",
      "1431655765/4294967296",
    ]);
    const hop = outcomes[0]?.hops.find(({ chain }) => chain === "KUBE-SERVICES");
    expect(hop).toMatchObject({
      table: "nat",
      rule: 1,
      object: "Service default/cart",
      field: "spec.clusterIP",
      source: { line: 14, column: 14 },
      file: "iptables.restore",
      goesTo: "KUBE-SVC-EE4FE7XDP64QLQLA",
    });
    expect(hop?.origin).toMatch(/^Service default\/cart spec\.clusterIP \(.*cluster\.yaml:14:14\)$/);
  });
});
