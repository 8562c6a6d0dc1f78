import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { type CliResult, runCli, workspace } from "../../harness/run-cli.ts";

const root = new URL("../../../", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const shop = readFileSync(join(root, "golden/shop/cluster.yaml"), "utf8");

interface Hook {
  readonly id: string;
  readonly entry: string;
  readonly args: readonly string[];
  readonly language: string;
  readonly files: string;
  readonly pass_filenames: boolean;
}

const hooks = load(readFileSync(join(root, ".pre-commit-hooks.yaml"), "utf8")) as readonly Hook[];

function hookOf(id: string): Hook {
  const hook = hooks.find((one) => one.id === id);
  if (hook === undefined) throw new Error(`there is no hook ${id}`);
  return hook;
}

/** A repository with the shop committed. */
function repository(): string {
  const cwd = workspace({ "deploy/shop.yaml": shop, ".pre-commit-config.yaml": "repos: []\n" });
  const git = (...args: readonly string[]): Buffer =>
    execFileSync("git", ["-c", "user.name=test", "-c", "user.email=test@example.org", ...args], { cwd });
  git("init", "-q");
  git("add", ".");
  git("commit", "-q", "-m", "shop");
  return cwd;
}

/** What pre-commit runs: the entry in words, its arguments, and no files where the hook takes none. */
function runHook({ entry, args }: Hook, cwd: string, more: readonly string[] = []): Promise<CliResult> {
  const [program = "", ...words] = entry.split(" ");
  expect(Object.keys(manifest.bin)).toContain(program);
  return runCli([...words, ...args, ...more], { cwd, env: { PORTOLAN_CONFIG: "" } });
}

describe("hooks of pre-commit", () => {
  it("run for manifests, whole directories at a time", () => {
    expect(hooks.map(({ id }) => id)).toEqual(["portolan-check", "portolan-diff"]);
    for (const { files, language, pass_filenames } of hooks) {
      expect({ language, pass_filenames }).toEqual({ language: "node", pass_filenames: false });
      expect(
        ["deploy/web.yaml", "a.yml", "b.json", "README.md"].filter((name) => new RegExp(files).test(name)),
      ).toHaveLength(3);
    }
  });

  it("check fails for a finding, and not for one that the settings of the repository suppress", async () => {
    const cwd = repository();
    const found = await runHook(hookOf("portolan-check"), cwd);
    expect(found.code).toBe(1);
    expect(found.stdout).toContain("warning[service-without-endpoints]");
    writeFileSync(join(cwd, ".portolan.yaml"), "suppress: [service-without-endpoints]\n");
    expect((await runHook(hookOf("portolan-check"), cwd)).code).toBe(0);
  });

  it("diff shows what the working tree changes", async () => {
    const cwd = repository();
    expect((await runHook(hookOf("portolan-diff"), cwd)).code).toBe(0);
    writeFileSync(
      join(cwd, "deploy/shop.yaml"),
      shop.replace("type: NodePort", "type: ClusterIP").replace(", nodePort: 30443", ""),
    );
    const changed = await runHook(hookOf("portolan-diff"), cwd);
    expect(changed.code).toBe(1);
    expect(changed.stdout).toContain("shop/checkout:https  nodePort 30443/TCP  closes");
  });

  it("are installed from what npm pack prints: no script of the package prints before the name", () => {
    for (const script of ["prepack", "prepare", "postpack"]) expect(manifest.scripts).not.toHaveProperty(script);
  });
});
