import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { workspace } from "../../../harness/run-cli.ts";
import { explainInProcess } from "../../../harness/run-in-process.ts";
import { asked, refusal, stateFlags } from "./ask-packet.ts";

describe("--expect", () => {
  const flags = [...asked("10.0.9.9", "svc/shop/web"), ...stateFlags];

  it.each([
    "delivered",
    "10.0.1.5:8080 50% | 10.0.2.6:8080 50%, masqueraded",
    "10.0.1.5:8080 | 10.0.2.6:8080 50%",
    "delivered 100%, masqueraded",
  ])("%s is met", async (text) => {
    const { code, stderr, stdout } = await explainInProcess([
      ...flags,
      "--proxy-config",
      masqueradeAll(),
      "--expect",
      text,
    ]);
    expect({ code, stderr: stderr.includes("expected") }).toEqual({ code: 0, stderr: false });
    expect(stdout).toContain("Result");
  });

  it.each([
    "rejected",
    "10.0.1.5:8080",
    "10.0.1.5:8080 33% | 10.0.2.6:8080",
    "delivered, masqueraded",
    "dropped | delivered",
  ])("%s is not met, and what was got is said", async (text) => {
    const { code, stderr } = await explainInProcess([...flags, "--expect", text]);
    expect(code).toBe(1);
    const got = "10.0.1.5:8080 50% source kept | 10.0.2.6:8080 50% source kept";
    expect(stderr).toContain(`expected: ${text}\ngot:      ${got}\n`);
  });

  it("what it does not understand is usage", async () => {
    expect((await refusal([...flags, "--expect", "deliverd"])).code).toBe(2);
    expect((await refusal([...flags, "--expect", "delivered, twice"])).code).toBe(2);
  });
});

function masqueradeAll(): string {
  const kind = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
  return join(workspace({ "c.yaml": `${kind}iptables: {masqueradeAll: true}\n` }), "c.yaml");
}
