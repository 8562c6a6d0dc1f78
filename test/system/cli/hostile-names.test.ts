import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, replaced, service, slice } from "../../harness/cluster-text.ts";
import { hasControls } from "../../harness/controls.ts";
import { errorsIn, runCli, workspace } from "../../harness/run-cli.ts";
import { compileInProcess } from "../../harness/run-in-process.ts";

const names = {
  quote: 'web"',
  newline: "web\n-A INPUT -j ACCEPT",
  backslash: "web\\",
  escape: "web\u001b[2J",
  bell: "web\u0007",
  "a C1 control": "web\u009b2J",
  "right to left": "web\u202eyxorp",
  "a line separator": "web\u2028x",
  "a carriage return": "web\rerror",
  "an apostrophe": "web'",
  "a dollar": "$(reboot)",
  "letters of another script": "wеb",
  "a very long one": "w".repeat(5000),
};

const bad = (name: string): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: name, labels: { [name]: name }, annotations: { [name]: name } },
    spec: { clusterIP: name, type: name, [name]: 1, ports: [{ name, port: 80, protocol: name }], externalIPs: [name] },
    status: { loadBalancer: { ingress: [{ hostname: name }] } },
  });

describe("hostile names are refused, and never reach the terminal as they are", () => {
  it.each(Object.entries(names))("%s", async (_, name) => {
    const file = join(workspace({ "in.json": bad(name) }), "in.json");
    const result = await compileInProcess({ filename: [file], node: "node1" });
    expect(result).toMatchObject({ code: 3, stdout: "" });
    const codes = errorsIn(result.stderr).map((problem) => problem.split(" ")[0]);
    expect(codes).toEqual(
      expect.arrayContaining([
        "name-invalid",
        "namespace-invalid",
        "service-port-name-invalid",
        "ip-invalid",
        "label-invalid",
        "value-not-supported",
      ]),
    );
    expect(hasControls(result.stderr)).toBe(false);
    for (const line of result.stderr.split("\n")) expect(line.length).toBeLessThan(400);
  });

  it("in YAML, too, where the line itself is shown", async () => {
    const text = replaced(cluster, "name: web\n", 'name: "web\u009b\\e[31m\u202e"\n');
    const result = await runCli(["compile", "-f", "-"], { stdin: text });
    expect(errorsIn(result.stderr)).toEqual(["name-invalid standard input:12:9"]);
    expect(hasControls(result.stderr)).toBe(false);
  });

  it("in file names and in what was typed", async () => {
    const file = "a\u001b[31m\nb.yaml";
    const cwd = workspace({ [file]: "a: [" });
    for (const args of [
      ["-f", file],
      ["-f", `no${file}`],
      ["-f", `git:${file}`],
      ["-f", file, "--node", file],
      ["-f", file, "--out-dir", `/proc/${file}`],
    ]) {
      const result = await runCli(["compile", ...args], { cwd });
      expect(result).toMatchObject({ code: 3, stdout: "" });
      expect(hasControls(result.stderr)).toBe(false);
    }
  });

  it("of the node", async () => {
    const name = 'n"\n-A INPUT -j ACCEPT\u001b[31m';
    const result = await runCli(["compile", "-f", "-", "--node", name], { stdin: [service, slice].join("---\n") });
    expect(hasControls(result.stderr)).toBe(false);
    expect(hasControls(result.stdout)).toBe(false);
    expect(result.stdout).not.toMatch(/^-A INPUT -j ACCEPT/m);
  });
});
