import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { skipFor } from "../../../harness/skip.ts";

const rootWrites = process.getuid?.() === 0 ? "root may write everywhere" : undefined;

const bin = new URL("../../../../dist/cli/portolan.js", import.meta.url).pathname;
const files = ["apply.sh", "iptables.jumps", "iptables.restore", "sysctl.conf"];
const config = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
const changed = replaced(cluster, "30080", "30081");

/** Every file below a directory, with its content. */
function contents(directory: string): Readonly<Record<string, string>> {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  const isFile = (name: string): boolean => statSync(join(directory, name)).isFile();
  return Object.fromEntries(
    names.map((name) => [name, isFile(join(name)) ? readFileSync(join(directory, name), "utf8") : "(directory)"]),
  );
}

async function compiled(): Promise<string> {
  const cwd = workspace({ "in.yaml": cluster, "changed.yaml": changed, "config.yaml": config });
  const result = await runCli(["compile", "-f", "in.yaml", "--out-dir", "out"], { cwd });
  expect(result).toEqual({ code: 0, stdout: "", stderr: `out: 4 files written (${files.join(", ")})\n` });
  return cwd;
}

describe("--out-dir", () => {
  it("holds what text output shows", async () => {
    const cwd = await compiled();
    const out = contents(join(cwd, "out"));
    expect(Object.keys(out)).toEqual(files);
    const { stdout } = await runCli(["compile", "-f", "in.yaml"], { cwd });
    const parts = ["sysctl.conf", "iptables.restore", "iptables.jumps", "apply.sh"].map(
      (name) => `==> ${name} <==\n${out[name]}`,
    );
    expect(stdout).toBe(parts.join("\n"));
    expect(statSync(join(cwd, "out/apply.sh")).mode & 0o777).toBe(0o755);
  });

  it("removes what is not part of the result any more, and touches nothing else", async () => {
    const cwd = await compiled();
    writeFileSync(join(cwd, "out/notes.txt"), "mine");
    writeFileSync(join(cwd, "out/ip6tables.restore"), "old");
    writeFileSync(join(cwd, "config.yaml"), `${config}iptables: {localhostNodePorts: false}\n`);
    const before = statSync(join(cwd, "out/iptables.restore")).ino;
    const args = ["compile", "-f", "in.yaml", "--proxy-config", "config.yaml", "--out-dir", "out"];
    expect(await runCli(args, { cwd })).toMatchObject({ code: 0 });
    expect(readdirSync(join(cwd, "out"))).toEqual(["apply.sh", "iptables.jumps", "iptables.restore", "notes.txt"]);
    expect(statSync(join(cwd, "out/iptables.restore")).ino).not.toBe(before);
    const again = statSync(join(cwd, "out/iptables.restore")).ino;
    await runCli(args, { cwd });
    expect(statSync(join(cwd, "out/iptables.restore")).ino, "equal content is not written again").toBe(again);
  });

  it("stays whole when the input is bad", async () => {
    const cwd = await compiled();
    const before = contents(join(cwd, "out"));
    writeFileSync(join(cwd, "in.yaml"), replaced(changed, "port: 80\n", "port: 0\n"));
    expect(await runCli(["compile", "-f", "in.yaml", "--out-dir", "out"], { cwd })).toMatchObject({ code: 3 });
    expect(contents(join(cwd, "out"))).toEqual(before);
  });

  it("that is a file, or below one", async () => {
    const cwd = workspace({ "in.yaml": cluster, out: "mine" });
    for (const [directory, reason] of [
      ["out", "it is a file"],
      ["out/rules", "a parent of it is a file"],
    ]) {
      const result = await runCli(["compile", "-f", "in.yaml", "--out-dir", directory as string], { cwd });
      expect(result).toMatchObject({ code: 4, stdout: "" });
      expect(result.stderr).toBe(`error: cannot write to ${directory}: ${reason}; no file was changed\n`);
    }
    expect(readFileSync(join(cwd, "out"), "utf8")).toBe("mine");
  });

  it("with a directory in a file's place", async () => {
    const cwd = await compiled();
    execFileSync("rm", ["out/iptables.jumps"], { cwd });
    mkdirSync(join(cwd, "out/iptables.jumps"));
    const before = contents(join(cwd, "out"));
    const result = await runCli(["compile", "-f", "changed.yaml", "--out-dir", "out"], { cwd });
    expect(result).toMatchObject({ code: 4, stdout: "" });
    expect(result.stderr).toContain("no file was changed");
    expect(contents(join(cwd, "out"))).toEqual(before);
  });

  it("where files may not be longer than a block, as on a full disk", async () => {
    const cwd = await compiled();
    const before = contents(join(cwd, "out"));
    const script = `ulimit -f 1; exec '${process.execPath}' '${bin}' compile -f changed.yaml --out-dir out`;
    const run = (): string => execFileSync("bash", ["-c", script], { cwd, encoding: "utf8", stdio: "pipe" });
    expect(run).toThrow(expect.objectContaining({ status: 4, stdout: "" }));
    expect(contents(join(cwd, "out"))).toEqual(before);
  });

  it("without permission", skipFor(rootWrites), async () => {
    const cwd = await compiled();
    const before = contents(join(cwd, "out"));
    execFileSync("chmod", ["555", "out"], { cwd });
    const result = await runCli(["compile", "-f", "changed.yaml", "--out-dir", "out"], { cwd });
    execFileSync("chmod", ["755", "out"], { cwd });
    expect(result).toMatchObject({ code: 4, stdout: "" });
    expect(result.stderr).toContain("permission denied");
    expect(contents(join(cwd, "out"))).toEqual(before);
  });

  it("that no file system makes", async () => {
    const result = await runCli(["compile", "-f", "-", "--out-dir", "/proc/portolan/out"], { stdin: cluster });
    expect(result).toMatchObject({ code: 4, stdout: "" });
    expect(result.stderr).toMatch(/^error: cannot write to \/proc\/portolan\/out: .*; no file was changed\n$/);
  });
});

describe("--all-nodes", () => {
  const nodes = `${cluster}---\n${replaced(replaced(node, "node1", "node2"), "192.0.2.10", "192.0.2.11")}`;

  it("writes a folder for each", async () => {
    const cwd = workspace({ "in.yaml": nodes });
    expect(await runCli(["compile", "-f", "in.yaml", "--all-nodes", "--out-dir", "out"], { cwd })).toMatchObject({
      code: 0,
    });
    expect(readdirSync(join(cwd, "out"))).toEqual(["node1", "node2"]);
    for (const name of ["node1", "node2"]) {
      await runCli(["compile", "-f", "in.yaml", "--node", name, "--out-dir", `alone/${name}`], { cwd });
    }
    expect(contents(join(cwd, "out"))).toEqual(contents(join(cwd, "alone")));
  });

  it("shows them under their names, and in lists", async () => {
    const { stdout } = await runCli(["compile", "-f", "-", "--all-nodes"], { stdin: nodes });
    const headings = stdout.match(/^==> .* <==$/gm);
    const names = ["sysctl.conf", "iptables.restore", "iptables.jumps", "apply.sh"];
    expect(headings).toEqual(["node1", "node2"].flatMap((name) => names.map((file) => `==> ${name}/${file} <==`)));
    const json = await runCli(["compile", "-f", "-", "--all-nodes", "-o", "json"], { stdin: nodes });
    const list = JSON.parse(json.stdout) as {
      apiVersion: string;
      kind: string;
      items: { kind: string; node: string }[];
    };
    expect(list).toMatchObject({ apiVersion: "portolan/v1alpha1", kind: "ScriptList" });
    expect(list.items.map(({ kind, node: name }) => `${kind} ${name}`)).toEqual(["Script node1", "Script node2"]);
  });
});

describe("--keep-going", () => {
  const second = (name: string, ip: string): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: shop}\nspec:\n  clusterIP: ${ip}\n  ports: [{port: 80}]\n`;

  it("leaves out exactly the objects with errors, says so, writes the rest and exits with 3", async () => {
    const good = [node, service, slice, second("api", "10.96.0.11")];
    const bad = [second("broken", "10.96.0"), replaced(replaced(slice, "web-x1", "web-x2"), "10.0.1.5", "10.0.1")];
    const cwd = workspace({ "all.yaml": [...good, ...bad].join("---\n"), "good.yaml": good.join("---\n") });
    const wanted = await runCli(["compile", "-f", "good.yaml"], { cwd });
    const kept = await runCli(["compile", "-f", "all.yaml", "--keep-going"], { cwd });
    expect(kept.stdout).toBe(wanted.stdout);
    expect(kept.code).toBe(3);
    const leftOut = kept.stderr.match(/^info\[object-skipped\]: .*$/gm);
    expect(leftOut).toEqual([
      "info[object-skipped]: Service shop/broken is skipped because it has errors",
      "info[object-skipped]: EndpointSlice shop/web-x2 is skipped because it has errors",
    ]);
    expect(kept.stderr).toMatch(/2 errors.*; objects with errors were skipped\n$/);
    const stopped = await runCli(["compile", "-f", "all.yaml"], { cwd });
    expect(stopped).toMatchObject({ code: 3, stdout: "" });
  });

  it("reads past a file that cannot be parsed", async () => {
    const cwd = workspace({ "good.yaml": cluster, "bad.yaml": "a: b: c\n" });
    const wanted = await runCli(["compile", "-f", "good.yaml"], { cwd });
    const kept = await runCli(["compile", "-f", "bad.yaml", "-f", "good.yaml", "--keep-going"], { cwd });
    expect(kept).toMatchObject({ code: 3, stdout: wanted.stdout });
  });

  it("writes nothing when the configuration is wrong, or the node unknown", async () => {
    const cwd = workspace({ "in.yaml": cluster, "config.yaml": `${config}mode: userspace\n` });
    const config1 = await runCli(["compile", "-f", "in.yaml", "--proxy-config", "config.yaml", "--keep-going"], {
      cwd,
    });
    expect(config1).toMatchObject({ code: 3, stdout: "" });
    expect(config1.stderr).toMatch(/; nothing was written\n$/);
    const unknown = await runCli(["compile", "-f", "in.yaml", "--node", "node9", "--keep-going"], { cwd });
    expect(unknown).toMatchObject({ code: 3, stdout: "" });
  });
});
