import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";
import { errorsIn, problemsIn, runCli, workspace } from "../../../harness/run-cli.ts";
import { compileInProcess } from "../../../harness/run-in-process.ts";

type Json = Record<string, unknown>;

const objects = parseAllDocuments(cluster).map((document) => document.toJS() as Json);
const list = { apiVersion: "v1", kind: "List", items: objects };
const withoutKind = objects.map(({ apiVersion: _a, kind: _k, ...rest }) => rest);
const typedLists = objects.map(({ apiVersion, kind }, index) => ({
  apiVersion,
  kind: `${kind}List`,
  items: [withoutKind[index]],
}));

let rules = "";
beforeAll(async () => {
  const result = await runCli(["compile", "-f", "-"], { stdin: cluster });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  rules = result.stdout;
});

const forms: Readonly<Record<string, string>> = {
  "kind: List": JSON.stringify(list),
  "an indented List in YAML": JSON.stringify(list, null, 2).replaceAll('"', ""),
  "a List in a List": JSON.stringify({ ...list, items: [list] }),
  "typed lists, whose items lack a kind": typedLists.map((one) => JSON.stringify(one)).join("\n"),
  "JSON lines": objects.map((object) => JSON.stringify(object)).join("\n"),
  "concatenated JSON": objects.map((object) => JSON.stringify(object, null, 2)).join(""),
  "JSON documents in YAML": objects.map((object) => JSON.stringify(object)).join("\n---\n"),
  "flow style YAML": objects.map((object) => JSON.stringify(object).replaceAll(/"(\w+)":/g, "$1: ")).join("\n---\n"),
  "Windows line ends": cluster.replaceAll("\n", "\r\n"),
  "a byte order mark": `\ufeff${cluster}`,
  "empty documents between": `---\n# first\n---\n${cluster.replaceAll("---\n", "---\n---\n# next\n---\n")}---\n...\n`,
  "other kinds beside": `${cluster}---\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: [what, ever]\n`,
  "status and server-made metadata": replaced(
    cluster,
    "  namespace: shop\nspec:",
    "  namespace: shop\n  uid: 8a\n  managedFields: [{manager: kubectl}]\nspec:",
  ),
  "null lists": replaced(
    `${cluster}---\n${replaced(slice, "web-x1", "web-x2")}`,
    "endpoints:\n- addresses: [10.0.1.5]\n  nodeName: node1\nports:\n- port: 8080\n---",
    "endpoints:\n- addresses: [10.0.1.5]\n  nodeName: node1\nports:\n- port: 8080\n---",
  ).replace(
    /web-x2[\s\S]*/,
    "web-x2\n  namespace: shop\n  labels: {kubernetes.io/service-name: web}\naddressType: IPv4\nendpoints: null\nports: null\n",
  ),
  "a List of null items": `${cluster}---\napiVersion: v1\nkind: ServiceList\nitems: null\n`,
};

describe("one cluster, written in many ways", () => {
  it.each(Object.entries(forms))("%s", async (_, text) => {
    const file = join(workspace({ "in.yaml": text }), "in.yaml");
    expect(await compileInProcess({ filename: [file], node: "node1" })).toEqual({ code: 0, stderr: "", stdout: rules });
  });

  it("in files, directories and below them", async () => {
    const cwd = workspace({
      "a/node.yaml": node,
      "a/service.yml": service,
      "a/b/slice.json": JSON.stringify(objects[2]),
      "a/c.txt": "no",
    });
    const deep = await runCli(["compile", "-R", "-f", "a"], { cwd });
    expect(deep).toEqual({ code: 0, stderr: "", stdout: rules });
    const flat = await runCli(["compile", "-f", "a", "-f", "a/b"], { cwd });
    expect(flat).toEqual({ code: 0, stderr: "", stdout: rules });
    const shallow = await runCli(["compile", "-f", "a"], { cwd });
    expect(shallow.code).toBe(0);
    expect(problemsIn(shallow.stderr)).toEqual(["warning[no-endpoint-objects] -"]);
    const files = await runCli(["compile", "-f", "a/b/slice.json", "-f", "a/service.yml", "-f", "a/node.yaml"], {
      cwd,
    });
    expect(files).toEqual({ code: 0, stderr: "", stdout: rules });
    const mixed = await runCli(["compile", "-f", "-", "-f", "a"], { cwd, stdin: slice });
    expect(mixed).toEqual({ code: 0, stderr: "", stdout: rules });
  });

  it("in git, at a reference", async () => {
    const cwd = workspace({ "deploy/node.yaml": node, "deploy/more/slice.yaml": slice, "service.yaml": service });
    const git = (...args: readonly string[]): void => {
      const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
      execFileSync("git", [...identity, ...args], { cwd, stdio: "ignore" });
    };
    git("init");
    git("add", ".");
    git("commit", "-m", "one");
    git("tag", "v1");
    for (const name of ["deploy", "service.yaml"]) rmSync(join(cwd, name), { recursive: true });
    git("add", "-A");
    git("commit", "-m", "two", "--allow-empty");
    const whole = await runCli(["compile", "-R", "-f", "git:v1"], { cwd });
    expect(whole).toEqual({ code: 0, stderr: "", stdout: rules });
    const parts = ["git:HEAD~1:deploy/node.yaml", "git:v1:deploy/more", "git:v1:./service.yaml"];
    const several = await runCli(["compile", ...parts.flatMap((part) => ["-f", part])], { cwd });
    expect(several).toEqual({ code: 0, stderr: "", stdout: rules });
    const bad = await runCli(["compile", "-f", "git:v1:nothing", "-f", "git:v9", "-f", "git:--all"], { cwd });
    expect(errorsIn(bad.stderr)).toEqual([
      "input-unreadable git:v1:nothing",
      "input-unreadable git:v9",
      "input-unreadable git:--all",
    ]);
    expect(bad).toMatchObject({ code: 3, stdout: "" });
    writeFileSync(join(cwd, "bad.yaml"), "a: b: c\n");
    git("add", ".");
    git("commit", "-m", "three");
    const broken = await runCli(["compile", "-f", "git:HEAD:bad.yaml"], { cwd });
    expect(errorsIn(broken.stderr)).toEqual(["syntax-invalid git:HEAD:bad.yaml:1:4"]);
  });
});
