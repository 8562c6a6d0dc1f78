import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";
import { problemsIn, workspace } from "../../../harness/run-cli.ts";
import { compare, compiledBoth, moved, movedVips, vips } from "./compare-sides.ts";

describe("a side where nothing is", () => {
  it("is the other's nodes without a Service: all manifests deleted, or not there yet", async () => {
    const cwd = workspace({ "deploy/in.yaml": cluster, "README.md": "x" });
    const git = (...args: readonly string[]) =>
      execFileSync("git", ["-C", cwd, "-c", "user.name=x", "-c", "user.email=x@example.org", ...args]);
    git("init", "-q");
    git("add", "-A");
    git("commit", "-qm", "x");
    git("tag", "before");
    git("rm", "-rq", "deploy");
    git("commit", "-qm", "x");
    const gone = await compare(cwd, ["git:before:deploy", "git:HEAD:deploy"]);
    expect(gone.stderr).toBe(
      "note: git:HEAD:deploy does not exist: compared as git:before:deploy without its Services\n",
    );
    expect(vips(gone)).toEqual(["10.96.0.10:80/TCP", "nodePort 30080/TCP"]);
    expect(vips(await compare(cwd, ["git:HEAD:deploy", "git:before:deploy"]))).toEqual([
      "10.96.0.10:80/TCP",
      "nodePort 30080/TCP",
    ]);
    const neither = await compare(cwd, ["git:HEAD:deploy", "git:HEAD:deplay"]);
    expect(neither).toMatchObject({ code: 3, stdout: "" });
    expect(neither.stderr).toContain("there is nothing to compare");
    const shared = workspace({ "nodes.yaml": node, "deploy/a.yaml": [service, slice].join("---\n") });
    rmSync(join(shared, "deploy/a.yaml"));
    expect(await compare(shared, ["deploy", "deploy", "-f", "nodes.yaml"])).toMatchObject({ code: 0 });
  });
});

describe("two sides with -f", () => {
  const plain = (name: string, port = 80): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec: {type: NodePort, ports: [{port: ${port}}]}\n`;

  it("lie over that state: what the cluster filled in stays, what HEAD has no more is gone", async () => {
    const second = replaced(replaced(service, "name: web", "name: api"), "30080", "30090").replace("0.10", "0.11");
    const cwd = workspace({
      "state.yaml": [cluster, second].join("---\n"),
      "base/web.yaml": plain("web"),
      "base/api.yaml": plain("api"),
      "head/web.yaml": plain("web", 8080),
    });
    const gone = await compare(cwd, ["base", "head", "-f", "state.yaml"]);
    // The port of another number keeps its node port, 30080, as the API server does by name.
    expect(vips(gone)).toEqual(["10.96.0.10:80/TCP", "10.96.0.10:8080/TCP", "10.96.0.11:80/TCP", "nodePort 30090/TCP"]);
    const same = await compare(cwd, ["base", "base", "-f", "state.yaml"]);
    expect(same).toMatchObject({ code: 0, diff: { changes: [] } });
    rmSync(join(cwd, "head/web.yaml"));
    const none = await compare(cwd, ["base", "head", "-f", "state.yaml"]);
    expect(none.stderr).toBe("note: head is an empty folder\n");
    expect(vips(none)).toEqual(["10.96.0.10:80/TCP", "10.96.0.11:80/TCP", "nodePort 30080/TCP", "nodePort 30090/TCP"]);
  });

  it("cannot be rules", async () => {
    const cwd = await compiledBoth();
    const { code, stderr } = await compare(cwd, ["out", "outs", "-f", "base.yaml"]);
    expect(stderr).toContain("out contains rules, not manifests");
    expect(code).toBe(2);
  });
});

describe("nodes", () => {
  const second = node.replace("node1", "node2").replace("192.0.2.10", "192.0.2.12");

  it("are all that both sides have; the others are named", async () => {
    const cwd = workspace({
      "base.yaml": [second, cluster].join("---\n"),
      "head.yaml": [moved, second.replace("node2", "node3")].join("---\n"),
      "both.yaml": [second, moved].join("---\n"),
    });
    const one = await compare(cwd, ["base.yaml", "head.yaml"]);
    expect(one.diff?.nodes).toEqual(["node1"]);
    expect(one.stderr).toBe(
      "note: node node2 is only in base.yaml and not compared\nnote: node node3 is only in head.yaml and not compared\n",
    );
    expect((await compare(cwd, ["base.yaml", "both.yaml"])).diff?.nodes).toEqual(["node1", "node2"]);
    expect((await compare(cwd, ["base.yaml", "both.yaml", "--node", "node2"])).diff?.nodes).toEqual(["node2"]);
    const unknown = await compare(cwd, ["base.yaml", "both.yaml", "--node", "node7"]);
    expect(problemsIn(unknown.stderr)).toEqual(["error[node-unknown] -"]);
    expect(unknown.code).toBe(3);
  });

  it("without any Node, --node must name one", async () => {
    const cwd = workspace({
      "base.yaml": [service, slice].join("---\n"),
      "head.yaml": replaced([service, slice].join("---\n"), "30080", "30081"),
    });
    const unnamed = await compare(cwd, ["base.yaml", "head.yaml"]);
    expect(problemsIn(unnamed.stderr)).toEqual(["error[node-name-needed] -"]);
    const named = await compare(cwd, ["base.yaml", "head.yaml", "--node", "node1"]);
    expect(vips(named)).toEqual(movedVips);
    expect(problemsIn(named.stderr)).toEqual(["warning[node-absent] -"]);
    expect(
      vips(
        await compare(
          workspace({ "base.yaml": cluster, "head.yaml": replaced([service, slice].join("---\n"), "30080", "30081") }),
          ["base.yaml", "head.yaml"],
        ),
      ),
    ).toEqual(movedVips);
  });
});

describe("diagnostics", () => {
  it("are told once, under the sides they concern", async () => {
    const warned = cluster.replace("nodePort: 30080", "nodePort: 2000");
    const cwd = workspace({
      "base.yaml": warned,
      "head.yaml": `# moved\n${warned}---\n${slice.replaceAll("web", "api")}`,
    });
    const { stderr, code } = await compare(cwd, ["base.yaml", "head.yaml"]);
    expect(stderr.match(/^\S.*:$/gm)).toEqual(["diagnostics for head.yaml:", "diagnostics for both sides:"]);
    expect(problemsIn(stderr)).toHaveLength(2);
    expect(stderr).toMatch(/\n2 warnings\n$/);
    expect(code).toBe(0);
  });

  it("that are errors end it, on either side", async () => {
    const cwd = workspace({ "base.yaml": cluster, "head.yaml": cluster.replace("port: 80\n", "port: 0\n") });
    const { stderr, stdout, code } = await compare(cwd, ["base.yaml", "head.yaml"]);
    expect(problemsIn(stderr)).toEqual(["error[port-out-of-range] head.yaml:18:11"]);
    expect(stderr).toContain("error: 1 error; nothing was compared");
    expect({ stdout, code }).toEqual({ stdout: "", code: 3 });
  });
});
