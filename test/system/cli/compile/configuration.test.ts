import { describe, expect, it } from "vitest";
import { cluster, replaced } from "../../../harness/cluster-text.ts";
import { errorsIn, problemsIn, runCli, workspace } from "../../../harness/run-cli.ts";

describe("kube-proxy's configuration", () => {
  const configuration = (fields: string): string =>
    `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${fields}\n`;
  const configMap = (fields: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kube-proxy\n  namespace: kube-system\ndata:\n  config.conf: |-\n${configuration(
      fields,
    )
      .trimEnd()
      .split("\n")
      .map((line) => `    ${line}`)
      .join("\n")}\n`;

  it("in its ConfigMap is the default; --proxy-config replaces it whole", async () => {
    const cwd = workspace({
      "in.yaml": cluster,
      "map.yaml": configMap("iptables:\n  masqueradeBit: 9\n  masqueradeAll: true"),
      "config.yaml": configuration("iptables: {masqueradeBit: 8}"),
    });
    const mapped = await runCli(["compile", "-f", "in.yaml", "-f", "map.yaml"], { cwd });
    expect(mapped.code).toBe(0);
    expect(mapped.stdout).toContain("--set-xmark 0x200/0x200");
    const replacedBy = await runCli(["compile", "-f", "in.yaml", "-f", "map.yaml", "--proxy-config", "config.yaml"], {
      cwd,
    });
    const alone = await runCli(["compile", "-f", "in.yaml", "--proxy-config", "config.yaml"], { cwd });
    expect(replacedBy.stdout).toBe(alone.stdout);
    expect(alone.stdout).toContain("--set-xmark 0x100/0x100");
    expect(replacedBy.code).toBe(0);
  });

  it("has its problems placed in the ConfigMap's file", async () => {
    const cwd = workspace({
      "in.yaml": cluster,
      "map.yaml": `# kubeadm\n${configMap("iptables:\n  masqueradeBit: 32\nclusterCIRD: 10.0.0.0/8")}`,
    });
    const result = await runCli(["compile", "-f", "in.yaml", "-f", "map.yaml"], { cwd });
    expect(problemsIn(result.stderr)).toEqual([
      "warning[field-unknown] map.yaml:13:5",
      "error[proxy-config-value-refused] map.yaml:12:22",
    ]);
    expect(result.stderr).toContain("did you mean clusterCIDR?");
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });

  it("that does not parse is an error in the ConfigMap", async () => {
    const text = replaced(configMap("mode: iptables"), "mode: iptables", "mode: [iptables");
    const result = await runCli(["compile", "-f", "-"], { stdin: `${cluster}---\n${text}` });
    expect(errorsIn(result.stderr)).toHaveLength(1);
    expect(errorsIn(result.stderr)[0]).toMatch(/^syntax-invalid standard input:4[23]:/);
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });

  it("hostnameOverride decides which endpoints are local, and is lower-cased", async () => {
    const local = replaced(
      cluster,
      "  clusterIP: 10.96.0.10",
      "  clusterIP: 10.96.0.10\n  internalTrafficPolicy: Local",
    );
    const cwd = workspace({
      "in.yaml": local,
      "config.yaml": configuration("hostnameOverride: ' NODE1 '"),
      "other.yaml": configuration("hostnameOverride: other"),
    });
    const plain = await runCli(["compile", "-f", "in.yaml"], { cwd });
    const same = await runCli(["compile", "-f", "in.yaml", "--proxy-config", "config.yaml"], { cwd });
    expect(same).toMatchObject({ code: 0, stdout: plain.stdout });
    const other = await runCli(["compile", "-f", "in.yaml", "--proxy-config", "other.yaml"], { cwd });
    expect(other.code).toBe(0);
    expect(problemsIn(other.stderr)).toContain("warning[node-absent] -");
    expect(other.stdout).toContain("has no local endpoints");
  });
});
