import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { node, replaced, service, slice } from "../../harness/cluster-text.ts";
import { actionFolder, commitAll, folder, git, read, recorder, runShell, type ScriptResult } from "./run-script.ts";

const script = `sh '${actionFolder}run-diff.sh'`;

/** A repository with two commits: the node port moves. */
function repository(bin: Readonly<Record<string, string>> = {}): { readonly cwd: string; readonly base: string } {
  const cwd = folder({ "deploy/web.yaml": service, "nodes.yaml": [node, slice].join("---\n"), ...bin });
  git(cwd, "init", "-q");
  const base = commitAll(cwd);
  writeFileSync(join(cwd, "deploy/web.yaml"), replaced(service, "30080", "30081"));
  commitAll(cwd);
  return { cwd, base };
}

function run(cwd: string, env: Readonly<Record<string, string>>): ScriptResult {
  const files = {
    GITHUB_OUTPUT: join(cwd, "output"),
    GITHUB_STEP_SUMMARY: join(cwd, "summary"),
    RUNNER_TEMP: join(cwd, "tmp"),
  };
  return runShell(script, cwd, { ...files, ...env });
}

/** Writes each report it is asked for, and annotations of a file in a commit. */
const fakeReports = `for word in "$@"; do case $word in *=*/diff.*) echo "report" >"\${word#*=}" ;; esac; done
i=0
while [ $i -lt 12 ]; do echo "::warning file=git%3Aab12%3Adeploy/web.yaml,line=$i::x"; i=$((i + 1)); done
exit "\${FAKE_CODE:-1}"`;

describe("the action compares two commits", () => {
  it("with reports, summary, annotations and outputs", () => {
    const { cwd, base } = repository();
    const result = run(cwd, { BASE: base, MANIFESTS: "deploy", STATE: "nodes.yaml\n", NODE: "node1" });
    expect(result.code, result.stderr).toBe(0);
    expect(read(cwd, "output")).toBe(`different=true\nreports=${cwd}/tmp/portolan-diff\n`);
    expect(readdirSync(join(cwd, "tmp/portolan-diff"))).toEqual(["diff.html", "diff.json", "diff.md"]);
    expect(read(cwd, "tmp/portolan-diff/diff.json")).toContain("nodePort 30081/TCP");
    expect(read(cwd, "summary")).toBe(read(cwd, "tmp/portolan-diff/diff.md"));
  });

  it("that are alike, and whose manifests are gone", () => {
    const { cwd, base } = repository();
    expect(run(cwd, { BASE: base, HEAD: base, MANIFESTS: "deploy", STATE: "nodes.yaml" }).code).toBe(0);
    expect(read(cwd, "output")).toMatch(/^different=false\n/);
    rmSync(join(cwd, "deploy"), { recursive: true });
    rmSync(join(cwd, "output"));
    commitAll(cwd);
    const gone = run(cwd, { BASE: base, MANIFESTS: "deploy", STATE: "nodes.yaml" });
    expect(gone.stderr).toContain("note: git:HEAD:deploy does not exist");
    expect(read(cwd, "output")).toMatch(/^different=true\n/);
  });

  it("of manifests alone, with what they lack made up", () => {
    const plain = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;
    const cwd = folder({ "deploy/web.yaml": plain });
    git(cwd, "init", "-q");
    const base = commitAll(cwd);
    writeFileSync(join(cwd, "deploy/web.yaml"), plain.replace("port: 80", "port: 81"));
    const result = run(cwd, { BASE: base, MANIFESTS: "deploy", SIMULATE: "true" });
    expect(result.code, result.stderr).toBe(0);
    expect(read(cwd, "output")).toMatch(/^different=true\n/);
    expect(read(cwd, "summary")).toContain("simulated");
  });

  it("and hands on what it is told, ten annotations at most", () => {
    const { cwd, base } = repository({ "bin/fake": "" });
    writeFileSync(join(cwd, "bin/fake"), recorder(join(cwd, "asked"), fakeReports), { mode: 0o755 });
    const env = { PORTOLAN_COMMAND: join(cwd, "bin/fake"), BASE: base, MANIFESTS: "deploy" };
    const flags = {
      STATE: "a b.yaml\n\nnodes.yaml",
      PROXY_CONFIG: "kp.yaml",
      NODE: "n1",
      MODE: "ipvs",
      FAMILY: "dual",
      DETAIL: "rules",
      RECURSIVE: "false",
      SIMULATE: "true",
    };
    const result = run(cwd, { ...env, ...flags });
    const short = git(cwd, "rev-parse", "--short=12", base);
    const reports = join(cwd, "tmp/portolan-diff");
    expect(read(cwd, "asked").trim().split("\n")).toEqual([
      ..."diff --detail rules -o github --simulate --proxy-config kp.yaml --node n1 --mode ipvs --family dual".split(
        " ",
      ),
      ...["-f", "a b.yaml", "-f", "nodes.yaml"],
      ...[
        `--report`,
        `markdown=${reports}/diff.md`,
        "--report",
        `html=${reports}/diff.html`,
        "--report",
        `json=${reports}/diff.json`,
      ],
      ...["--", `git:${short}:deploy`, "deploy"],
    ]);
    expect(result.stdout.trim().split("\n")).toHaveLength(10);
    expect(result.stdout).toMatch(/^::warning file=deploy\/web.yaml,line=0::x\n/);
    expect(run(cwd, { ...env, ANNOTATIONS: "false" }).stdout).toBe("");
  });

  it("and fails as portolan does, with nothing said", () => {
    const { cwd, base } = repository({ "bin/fake": `#!/bin/sh\n${fakeReports}\n` });
    const result = run(cwd, {
      PORTOLAN_COMMAND: join(cwd, "bin/fake"),
      FAKE_CODE: "3",
      BASE: base,
      MANIFESTS: "deploy",
    });
    expect(result).toMatchObject({ code: 3, stdout: "" });
    expect(existsSync(join(cwd, "output"))).toBe(false);
    expect(existsSync(join(cwd, "summary"))).toBe(false);
  });

  it("of which one has to be fetched", () => {
    const { cwd: origin, base } = repository();
    git(origin, "branch", "release/1.0", base);
    const cwd = folder({ "bin/fake": "" });
    git(cwd, "clone", "-q", "--depth=1", `file://${origin}`, "clone");
    writeFileSync(join(cwd, "bin/fake"), recorder(join(cwd, "asked"), fakeReports), { mode: 0o755 });
    for (const name of ["release/1.0", base]) {
      const result = run(join(cwd, "clone"), {
        PORTOLAN_COMMAND: join(cwd, "bin/fake"),
        BASE: name,
        MANIFESTS: "deploy",
      });
      expect(result.code, result.stderr).toBe(0);
      expect(read(cwd, "asked")).toContain(`git:${git(origin, "rev-parse", "--short=12", base)}:deploy`);
    }
  });

  it.each([
    "",
    "--upload-pack=touch x",
    "+main:refs/heads/main",
    "main:x",
    "a b",
    "$(touch x)",
    "main;touch x",
    "`touch x`",
  ])("and refuses %j as a commit", (name) => {
    const { cwd } = repository();
    const result = run(cwd, { BASE: name, MANIFESTS: "deploy" });
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("portolan-diff: ");
    expect(existsSync(join(cwd, "x"))).toBe(false);
  });

  it("and runs nothing of a path", () => {
    const { cwd, base } = repository({ "bin/fake": "" });
    writeFileSync(join(cwd, "bin/fake"), recorder(join(cwd, "asked"), fakeReports), { mode: 0o755 });
    const path = "$(touch x);`touch x` --help";
    const result = run(cwd, {
      PORTOLAN_COMMAND: join(cwd, "bin/fake"),
      BASE: base,
      MANIFESTS: path,
      STATE: "$(touch x)\n`touch x`",
      NODE: "-x $(touch x)",
    });
    expect(result.code, result.stderr).toBe(0);
    expect(read(cwd, "asked")).toContain(`\ngit:HEAD:${path}\n`);
    expect(existsSync(join(cwd, "x"))).toBe(false);
  });
});
