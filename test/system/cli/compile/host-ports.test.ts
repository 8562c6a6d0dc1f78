import { describe, expect, it } from "vitest";
import { node } from "../../../harness/cluster-text.ts";
import { problemsIn, runCli, workspace } from "../../../harness/run-cli.ts";

const pod = `---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  nodeName: node1
  containers:
  - {name: main, ports: [{containerPort: 80, hostPort: 8080}]}
status: {phase: Running, podIPs: [{ip: 10.0.1.5}]}
`;
const list = (plugins: string): string => `{"cniVersion": "1.0.0", "name": "cbr0", "plugins": [${plugins}]}\n`;
const portmap = '{"type": "portmap", "capabilities": {"portMappings": true}, "markMasqBit": 20}';

describe("host ports", () => {
  it("are not compiled unless asked for, and Pods are not even read", async () => {
    const cwd = workspace({ "in.yaml": `${node}${pod.replace("hostPort: 8080", "hostPort: 80800")}` });
    const plain = await runCli(["compile", "-f", "in.yaml"], { cwd });
    expect(plain.code).toBe(0);
    expect(plain.stdout).not.toContain("CNI-");
    const asked = await runCli(["compile", "-f", "in.yaml", "--host-ports"], { cwd });
    expect(asked.code).toBe(3);
    expect(problemsIn(asked.stderr)).toEqual(["error[port-out-of-range] in.yaml:15:56"]);
  });

  it("take the network and the plugin from --cni-config, which asks for them by itself", async () => {
    const files = { "in.yaml": `${node}${pod}`, "10.conflist": list(`{"type": "bridge"}, ${portmap}`) };
    const cwd = workspace({ ...files, "portmap.conf": portmap });
    const listed = await runCli(["compile", "-f", "in.yaml", "--cni-config", "10.conflist"], { cwd });
    expect(listed.code).toBe(0);
    expect(listed.stdout).toContain("==> hostports.restore <==");
    expect(listed.stdout).toContain("--set-xmark 0x100000/0x100000");
    expect(listed.stdout).toContain(String.raw`dnat name: \"cbr0\" id: \"shop_web\"`);
    expect(problemsIn(listed.stderr)).toEqual(["info[host-port-stand-ins] -"]);
    const alone = await runCli(["compile", "-f", "in.yaml", "--cni-config", "portmap.conf"], { cwd });
    expect(alone.stdout).toContain(String.raw`dnat name: \"k8s-pod-network\" id: \"shop_web\"`);
  });

  it.each([
    ["a list without portmap", list('{"type": "bridge"}'), ["error[cni-config-invalid] c.conflist:1:41"]],
    ["another plugin", '{"type": "bridge"}', ["error[cni-config-invalid] c.conflist:1:1"]],
    ["a list without a name", `{"plugins": [${portmap}]}`, ["error[cni-config-invalid] c.conflist:1:1"]],
    ["a list of values", "[1]", ["error[document-not-a-mapping] c.conflist:1:1"]],
    ["plugins that are none", '{"name": "x", "plugins": {}}', ["error[field-wrong-type]", "error[cni-config-invalid]"]],
    ["no text at all", "\n", ["error[input-empty] c.conflist:1:1"]],
  ])("are refused with %s in --cni-config", async (_, text, problems) => {
    const cwd = workspace({ "in.yaml": `${node}${pod}`, "c.conflist": text });
    const result = await runCli(["compile", "-f", "in.yaml", "--cni-config", "c.conflist"], { cwd });
    expect(result).toMatchObject({ code: 3, stdout: "" });
    const found = problemsIn(result.stderr).filter((one) => !one.startsWith("info"));
    expect(found.map((one, at) => (problems[at]?.includes(" ") === true ? one : one.split(" ")[0]))).toEqual(problems);
  });

  it("are a part of the answer of explain packet, where they are asked for", async () => {
    const cwd = workspace({ "in.yaml": `${node}${pod}` });
    const ask = ["explain", "packet", "-f", "in.yaml", "--from", "internet", "--to", "192.0.2.10:8080"];
    expect((await runCli(ask, { cwd })).stdout).not.toContain("10.0.1.5");
    const asked = await runCli([...ask, "--host-ports"], { cwd });
    expect(asked.stdout).toMatch(/100% {2}delivered to 10\.0\.1\.5:80 \(pod shop\/web/);
  });

  it("are compared by diff, with their traffic", async () => {
    const cwd = workspace({ "a.yaml": node, "b.yaml": `${node}${pod}` });
    const result = await runCli(["diff", "a.yaml", "b.yaml", "--host-ports"], { cwd });
    expect(result.code).toBe(1);
    expect(result.stdout).toContain("192.0.2.10:8080");
  });
});
