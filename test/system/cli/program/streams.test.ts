import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";
import { hasControls } from "../../../harness/controls.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { skipFor } from "../../../harness/skip.ts";

const bin = new URL("../../../../dist/cli/portolan.js", import.meta.url).pathname;

/** A cluster whose rules are more than a pipe holds. */
function largeCluster(): string {
  const services = Array.from({ length: 1500 }, (_, i) => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: `web-${i}` },
    spec: { clusterIP: `10.96.${i >> 8}.${i & 255}`, ports: [{ port: 80 }] },
  }));
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: services });
}

describe("streams", () => {
  it("a reader that has had enough ends it quietly", () => {
    const cwd = workspace({ "in.json": largeCluster() });
    for (const flags of ["", "-o json", "-o yaml"]) {
      const script = `set -o pipefail; node '${bin}' compile -f in.json --node n ${flags} 2>err | head -1; echo "\${PIPESTATUS[0]}"; cat err`;
      const { stdout } = spawnSync("bash", ["-c", script], {
        cwd,
        encoding: "utf8",
        env: { ...process.env, NO_COLOR: "1" },
      });
      const [first = "", code, ...rest] = stdout.split("\n");
      expect(first).toMatch(/^(==> |\{|apiVersion: )/);
      expect(code).toBe("0");
      expect(rest.join("\n")).not.toMatch(/EPIPE|^ +at |Error:/m);
    }
  });

  it("a closed standard error ends it quietly, too", () => {
    const cwd = workspace({ "in.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: A}\n" });
    const script = `node '${bin}' compile -f in.yaml --node n 2>&1 >/dev/null | head -c 1 >/dev/null; echo "\${PIPESTATUS[0]}"`;
    expect(execFileSync("bash", ["-c", script], { cwd, encoding: "utf8" }).trim()).toBe("3");
  });

  it(
    "a full disk is told of, and is no difference",
    skipFor(existsSync("/dev/full") ? undefined : "no /dev/full"),
    () => {
      const cwd = workspace({ "in.yaml": cluster });
      for (const args of ["compile -f in.yaml", "diff in.yaml in.yaml"]) {
        const { status, stderr } = spawnSync("sh", ["-c", `node '${bin}' ${args} >/dev/full`], {
          cwd,
          encoding: "utf8",
        });
        expect(status).toBe(4);
        expect(stderr).toMatch(/^error: cannot write to standard output: ENOSPC/m);
      }
    },
  );

  it("only the result goes to stdout", async () => {
    const stdin = [replaced(node, "name: node1", "name: node1\n  labels: {a: b}"), service, slice].join("---\n");
    const plain = await runCli(["compile", "-f", "-"], { stdin });
    const warned = await runCli(["compile", "-f", "-"], { stdin: replaced(stdin, "10.0.1.5", "010.0.1.5") });
    expect(plain).toMatchObject({ code: 0 });
    expect(warned.stdout).toBe(plain.stdout);
    expect(warned.stderr).toContain("warning[ip-not-canonical]");
  });

  it("colour is only where it is asked for", async () => {
    const stdin = replaced(cluster, "port: 80\n", "port: 0\n");
    const plain = await runCli(["compile", "-f", "-"], { stdin, env: { NO_COLOR: "1" } });
    expect(hasControls(plain.stderr)).toBe(false);
    const forced = await runCli(["compile", "-f", "-"], { stdin, env: { NO_COLOR: "", FORCE_COLOR: "1" } });
    expect(forced.stderr).toContain("\u001b[31merror[port-out-of-range]");
    const asked = await runCli(["compile", "-f", "-", "--color", "always"], { stdin });
    expect(asked.stderr).toBe(forced.stderr);
    const refused = await runCli(["compile", "-f", "-", "--color", "never"], { stdin, env: { FORCE_COLOR: "1" } });
    expect(refused.stderr).toBe(plain.stderr);
    const neither = await runCli(["compile", "-f", "-"], { stdin, env: { NO_COLOR: "", FORCE_COLOR: "" } });
    expect(neither.stderr).toBe(plain.stderr);
  });
});
