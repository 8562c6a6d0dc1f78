import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, node, replaced, service, slice } from "../../harness/cluster-text.ts";
import { errorsIn, problemsIn, runCli, workspace } from "../../harness/run-cli.ts";

const compileWith = (cwd: string, ...overlays: readonly string[]) =>
  runCli(["compile", "-f", "base.yaml", ...overlays.flatMap((path) => ["--overlay", path])], { cwd });

const absent = (name: string, value = '"true"'): string =>
  `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  namespace: shop\n  annotations:\n    portolan/absent: ${value}\n`;

/** As it stands in a repository: without what a cluster fills in. */
const plain = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  selector: {app: web}
  sessionAffinity: ClientIP
  ports:
  - port: 80
    targetPort: 8080
`;
const selected = replaced(
  service,
  "  ports:\n  - port: 80\n",
  "  selector: {app: web}\n  ports:\n  - port: 80\n    targetPort: 8080\n",
);

describe("--overlay", () => {
  it("replaces an object, adds another, and gives what the whole would give", async () => {
    const other = replaced(replaced(service, "name: web", "name: api"), "30080", "30090").replace(
      "10.96.0.10",
      "10.96.0.11",
    );
    const over = [replaced(service, "30080", "30081"), other].join("---\n");
    const whole = [node, replaced(service, "30080", "30081"), other, slice].join("---\n");
    const cwd = workspace({ "base.yaml": cluster, "over.yaml": over, "whole.yaml": whole });
    const laid = await compileWith(cwd, "over.yaml");
    const { stdout } = await runCli(["compile", "-f", "whole.yaml"], { cwd });
    expect(laid.stdout).toBe(stdout);
    expect(laid.code).toBe(0);
  });

  it("opens Lists, of objects of any name and of none", async () => {
    const list = JSON.stringify({
      apiVersion: "v1",
      kind: "ServiceList",
      items: [
        {
          metadata: { name: "web", namespace: "shop" },
          spec: { type: "NodePort", clusterIP: "10.96.0.99", ports: [{ port: 80 }] },
        },
      ],
    });
    const config = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    const cwd = workspace({
      "base.yaml": `${cluster}---\n${config}`,
      "list.json": list,
      "config.yaml": `${config}mode: ipvs\n`,
    });
    const { stdout, code } = await compileWith(cwd, "list.json", "config.yaml");
    expect(stdout).toContain("==> ipvs.restore <==\n-A -t 10.96.0.99:80 ");
    expect(code).toBe(0);
  });

  it("keeps what only a cluster fills in, and the endpoints", async () => {
    const cwd = workspace({ "base.yaml": [node, selected, slice].join("---\n"), "over.yaml": plain });
    const { stdout, stderr, code } = await compileWith(cwd, "over.yaml");
    expect(stdout).toContain("-d 10.96.0.10/32");
    expect(stdout).toContain("--dport 30080");
    expect(stdout).toContain("--rcheck --seconds 10800");
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  it("warns when a cluster would choose other endpoints, unless they are laid over too", async () => {
    const over = plain.replace("app: web", "app: web2").replace("8080", "9090");
    const cwd = workspace({
      "base.yaml": [node, selected, slice].join("---\n"),
      "over.yaml": over,
      "slice.yaml": slice,
    });
    const { stderr, code } = await compileWith(cwd, "over.yaml");
    expect(problemsIn(stderr)).toEqual([
      "warning[overlay-endpoints-kept] over.yaml:6:3",
      "warning[overlay-endpoints-kept] over.yaml:10:5",
    ]);
    expect(code).toBe(0);
    expect((await compileWith(cwd, "over.yaml", "slice.yaml")).stderr).toBe("");
  });

  it("warns of a port that the endpoints do not have, where a selector would choose them", async () => {
    const over = plain.replace("- port: 80", "- name: web\n    port: 80");
    const files = { "base.yaml": [node, selected, slice].join("---\n"), "over.yaml": over };
    const { stderr } = await compileWith(workspace(files), "over.yaml");
    expect(problemsIn(stderr)).toContain("warning[overlay-endpoints-kept] over.yaml:9:5");
    const bare = (text: string) => text.replace(/ *selector: .*\n/, "");
    const unselected = { "base.yaml": [node, bare(selected), slice].join("---\n"), "over.yaml": bare(over) };
    expect((await compileWith(workspace(unselected), "over.yaml")).stderr).not.toContain("overlay-endpoints-kept");
  });

  it("takes an object away, and its endpoints with it", async () => {
    const cwd = workspace({ "base.yaml": cluster, "gone.yaml": absent("web"), "none.yaml": node });
    const { stdout, stderr } = await compileWith(cwd, "gone.yaml");
    expect(stderr).toBe("");
    expect(stdout).toBe((await runCli(["compile", "-f", "none.yaml"], { cwd })).stdout);
  });

  it("warns of an object that is not there to be taken away, and of the annotation elsewhere", async () => {
    const cwd = workspace({
      "base.yaml": `${cluster}---\n${absent("api")}spec: {ports: [{port: 1}], clusterIP: 10.96.0.12}\n`,
      "gone.yaml": absent("wen"),
    });
    const { stderr, code } = await compileWith(cwd, "gone.yaml");
    expect(problemsIn(stderr)).toEqual([
      "warning[absent-outside-overlay] base.yaml:40:5",
      "warning[overlay-absent-unknown] gone.yaml:1:1",
    ]);
    expect(code).toBe(0);
  });

  it.each(["true", "1", '"yes"', "[true]"])("refuses portolan/absent: %s", async (value) => {
    const cwd = workspace({ "base.yaml": cluster, "gone.yaml": absent("web", value) });
    const { stdout, stderr, code } = await compileWith(cwd, "gone.yaml");
    expect(problemsIn(stderr)).toContainEqual(
      expect.stringMatching(/^error\[overlay-absent-invalid\] gone.yaml:7:(22|5)$/),
    );
    expect(stderr).toContain('hint: write portolan/absent: "true", with quotes');
    expect({ stdout, code }).toEqual({ stdout: "", code: 3 });
  });

  it("refuses one object twice, naming both places", async () => {
    const cwd = workspace({ "base.yaml": cluster, "a.yaml": `# first\n${service}`, "b.yaml": absent("web") });
    const { stderr, code } = await compileWith(cwd, "a.yaml", "b.yaml");
    expect(problemsIn(stderr)).toEqual(["error[object-duplicate] b.yaml:1:1"]);
    expect(stderr).toContain("= first definition at a.yaml:2:1");
    expect(code).toBe(3);
  });

  it("points at the overlay's own lines, and at those of the base", async () => {
    const cwd = workspace({
      "base.yaml": cluster.replace("10.0.1.5", "10.0.1.500"),
      "config.yaml": "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvz\n",
      "over.yaml": replaced(plain, "port: 80\n", "port: 80000\n"),
    });
    const args = ["compile", "-f", "base.yaml", "--proxy-config", "config.yaml", "--overlay", "over.yaml"];
    const { stderr, code } = await runCli(args, { cwd });
    expect([...errorsIn(stderr)].sort()).toEqual([
      "ip-invalid base.yaml:29:15",
      "port-out-of-range over.yaml:9:11",
      "proxy-mode-invalid config.yaml:3:7",
    ]);
    expect(code).toBe(3);
  });

  it("a configuration named by --proxy-config stands over that of an overlay", async () => {
    const config = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
    const cwd = workspace({ "base.yaml": cluster, "config.yaml": config, "over.yaml": `${config}mode: ipvs\n` });
    const args = ["compile", "-f", "base.yaml", "--proxy-config", "config.yaml", "--overlay", "over.yaml"];
    const { stdout, stderr } = await runCli(args, { cwd });
    expect(stdout).not.toContain("ipvs.restore");
    expect(stderr).toContain("config.yaml:1:1");
  });

  it("reads git and standard input, and is there for the commands about hosts", async () => {
    const cwd = workspace({ "base.yaml": cluster, "deploy/over.yaml": replaced(service, "30080", "30081") });
    const git = (...args: readonly string[]) => execFileSync("git", ["-C", cwd, ...args]);
    git("init", "-q");
    git("add", "deploy");
    git("-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x");
    writeFileSync(join(cwd, "deploy/over.yaml"), "");
    expect((await compileWith(cwd, "git:HEAD:deploy")).stdout).toContain("--dport 30081");
    const stdin = absent("web");
    const result = await runCli(["apply", "-f", "base.yaml", "--overlay", "-", "--dry-run=client"], { cwd, stdin });
    expect(result.stdout).not.toContain("shop/web");
    expect(result.code).toBe(0);
  });
});
