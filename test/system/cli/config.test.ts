import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { schemas } from "../../../src/cli/schemas.ts";
import { settingNames, variableOf } from "../../../src/cli/settings.ts";
import { cluster, node, service } from "../../harness/cluster-text.ts";
import { type CliOptions, type CliResult, errorsIn, runCli, workspace } from "../../harness/run-cli.ts";
import { skipFor } from "../../harness/skip.ts";

/** As a user has it: the file is searched for. */
function run(args: readonly string[], { env, ...options }: CliOptions): Promise<CliResult> {
  return runCli(args, { ...options, env: { PORTOLAN_CONFIG: "", ...env } });
}

const root = new URL("../../../", import.meta.url).pathname;
const dump = join(root, "test/fixtures/host-documents/collect-v1.txt");
const asRoot = skipFor(process.getuid?.() === 0 ? undefined : "it needs root");

const two = [cluster, node.replaceAll("node1", "node2").replace("192.0.2.10", "192.0.2.11")].join("---\n");

/** A value for each setting, of which an error names the text. */
const whole = {
  node: "node2",
  mode: "ipvs",
  kubeProxyVersion: "1.36",
  proxyConfig: "proxy.yaml",
  family: "ipv4",
  hostPorts: true,
  cniConfig: "10-cbr0.conflist",
  serviceNodePortRange: "30000-30100",
  recursive: true,
  simulate: false,
  nodes: 4,
  podCidr: ["10.1.0.0/16", "fd00:1::/64"],
  serviceCidr: ["10.2.0.0/16"],
  suppress: ["service-port-unnamed", "node-port-taken"],
  failOn: "never",
  baseline: "known.json",
  linkBase: "https://git.example/team/repo/blob/main",
};

interface Shown {
  readonly name: string;
  readonly value?: unknown;
  readonly source: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

async function shown(args: readonly string[], options: CliOptions): Promise<ReadonlyMap<string, Shown>> {
  const { stdout, stderr } = await run(["config", "-o", "json", ...args], options);
  expect(stderr).toBe("");
  const { settings } = JSON.parse(stdout) as { readonly settings: readonly Shown[] };
  return new Map(settings.map((one) => [one.name, one]));
}

const file = (values: object): string => `# settings of a team\n${JSON.stringify(values, undefined, 1)}\n`;

describe("the settings file", () => {
  it("has every setting, and config says where each comes from", async () => {
    expect(Object.keys(whole)).toEqual(settingNames);
    const cwd = workspace({ ".portolan.yaml": file(whole) });
    const found = await shown([], { cwd });
    expect([...found.keys()]).toEqual(settingNames);
    for (const [index, [name, value]] of Object.entries(whole).entries()) {
      expect(found.get(name)).toMatchObject({ value, source: "file", file: ".portolan.yaml" });
      if (index < 5) expect(found.get(name)).toMatchObject({ line: 3 + index });
    }
    expect(found.get("mode")).toMatchObject({ column: 10 });
  });

  it("gives way to the environment, and both to flags", async () => {
    const cwd = workspace({ ".portolan.yaml": "mode: ipvs\nnode: node1\nfamily: ipv4\npodCidr: 10.1.0.0/16\n" });
    const env = { PORTOLAN_MODE: "nftables", PORTOLAN_NODE: "node3", PORTOLAN_NODES: "", PORTOLAN_RECURSIVE: "1" };
    const found = await shown(["--node", "node2", "--no-simulate", "--suppress", "node-port-taken"], { cwd, env });
    expect(found.get("node")).toMatchObject({ value: "node2", source: "flag" });
    expect(found.get("mode")).toMatchObject({ value: "nftables", source: "environment" });
    expect(found.get("family")).toMatchObject({ value: "ipv4", source: "file", line: 3, column: 9 });
    expect(found.get("podCidr")).toMatchObject({ value: ["10.1.0.0/16"], source: "file" });
    expect(found.get("recursive")).toMatchObject({ value: true, source: "environment" });
    expect(found.get("simulate")).toMatchObject({ value: false, source: "flag" });
    expect(found.get("suppress")).toMatchObject({ value: ["node-port-taken"], source: "flag" });
    expect(found.get("nodes")).toMatchObject({ value: 3, source: "default" });
    const { stdout } = await run(["config"], { cwd, env });
    expect(stdout).toMatch(/^SETTING +VALUE +FROM\nnode +node3 +PORTOLAN_NODE\nmode +nftables +PORTOLAN_MODE\n/);
    expect(stdout).toMatch(/^family +ipv4 +\.portolan\.yaml:3:9\n/m);
    expect(stdout).toMatch(/^baseline +- +default\n/m);
  });

  it("acts as the flags do", async () => {
    const flags = [
      "--node",
      "node2",
      "--mode",
      "ipvs",
      "--kube-proxy-version",
      "1.36",
      "--proxy-config",
      "conf/p.yaml",
    ];
    const files = {
      "in.yaml": two,
      "conf/p.yaml":
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\niptables: {masqueradeAll: true}\n",
    };
    const settings = 'node: node2\nmode: ipvs\nkubeProxyVersion: "1.36"\nproxyConfig: conf/p.yaml\n';
    const cwd = workspace({ ...files, ".portolan.yaml": settings, "deep/er/in.yaml": two });
    const flagged = await runCli(["compile", "in.yaml", ...flags], { cwd });
    expect(flagged.code).toBe(0);
    expect(await run(["compile", "in.yaml"], { cwd })).toEqual(flagged);
    // The path of the configuration starts at the file, not at the working directory.
    expect((await run(["compile", "in.yaml"], { cwd: join(cwd, "deep/er") })).stdout).toBe(flagged.stdout);
    const env = { PORTOLAN_NODE: "node2", PORTOLAN_MODE: "ipvs", PORTOLAN_KUBE_PROXY_VERSION: "1.36" };
    const named = { ...env, PORTOLAN_PROXY_CONFIG: "conf/p.yaml", PORTOLAN_CONFIG: "/dev/null" };
    expect(await run(["compile", "in.yaml"], { cwd, env: named })).toEqual(flagged);
  });

  it("says how a simulation is done, not that there is one", async () => {
    const cwd = workspace({
      "in.yaml": cluster,
      "bare.yaml": service.replace("  clusterIP: 10.96.0.10\n", ""),
      ".portolan.yaml": "nodes: 2\npodCidr: 10.9.0.0/16\n",
    });
    const plain = await run(["compile", "in.yaml"], { cwd, env: { PORTOLAN_CONFIG: "/dev/null" } });
    expect(await run(["compile", "in.yaml"], { cwd })).toEqual(plain);
    expect((await run(["compile", "bare.yaml", "--no-simulate", "--node", "a"], { cwd })).stderr).not.toContain(
      "cannot be combined",
    );
    expect((await run(["compile", "bare.yaml"], { cwd })).stderr).toContain("2 Nodes");
    expect((await run(["compile", "bare.yaml", "--nodes", "3"], { cwd })).stderr).toContain("3 Nodes");
  });

  it("gives way to a flag that excludes the setting", async () => {
    const cwd = workspace({ "in.yaml": two, ".portolan.yaml": "node: node2\n" });
    const { stdout, code } = await run(["compile", "in.yaml", "--all-nodes"], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("==> node1/");
  });

  it("suppresses findings, and sets the level that fails", async () => {
    const bad = { "in.yaml": [node, service.replace("30080", "30080\n  selector: {app: web}")].join("---\n") };
    const before = await run(["check", "in.yaml", "-o", "json"], { cwd: workspace(bad) });
    expect(before.code).toBe(1);
    const codes = new Set(
      (JSON.parse(before.stdout) as { findings: { code: string }[] }).findings.map(({ code }) => code),
    );
    const suppressed = workspace({ ...bad, ".portolan.yaml": file({ suppress: [...codes] }) });
    expect(await run(["check", "in.yaml"], { cwd: suppressed })).toMatchObject({ code: 0, stderr: "" });
    const lenient = workspace({ ...bad, ".portolan.yaml": "failOn: never\n" });
    expect((await run(["check", "in.yaml"], { cwd: lenient })).code).toBe(0);
  });

  it("is no manifest", async () => {
    const cwd = workspace({ "in.yaml": cluster, ".portolan.yaml": "node: node1\n" });
    expect(await run(["compile", "-f", "."], { cwd })).toMatchObject({ code: 0, stderr: "" });
  });

  it("does not lie in the root of this repository, whose tests it would change", () => {
    expect(existsSync(join(root, ".portolan.yaml"))).toBe(false);
  });
});

describe("where it is searched for", () => {
  it("from the working directory up to the root of the repository", async () => {
    const cwd = workspace({
      ".portolan.yaml": "node: outer\n",
      "repo/.git": "gitdir: x\n",
      "repo/a/b/x": "",
      "free/a/x": "",
    });
    const nodeIn = async (folder: string): Promise<unknown> =>
      (await shown([], { cwd: join(cwd, folder) })).get("node");
    expect(await nodeIn("free/a")).toMatchObject({ value: "outer", file: "../../.portolan.yaml" });
    expect(await nodeIn("repo/a/b")).toMatchObject({ source: "default" });
    writeFileSync(join(cwd, "repo/.portolan.yaml"), "node: inner\n");
    expect(await nodeIn("repo/a/b")).toMatchObject({
      value: "inner",
      file: "../../.portolan.yaml",
      line: 1,
      column: 7,
    });
    // The nearest alone counts.
    writeFileSync(join(cwd, "repo/a/.portolan.yaml"), "mode: ipvs\n");
    expect(await nodeIn("repo/a/b")).toMatchObject({ source: "default" });
  });

  it("PORTOLAN_CONFIG names another, or none", async () => {
    const cwd = workspace({ ".portolan.yaml": "node: found\n", "my.yaml": "node: named\n" });
    const nodeFor = async (named: string) => (await shown([], { cwd, env: { PORTOLAN_CONFIG: named } })).get("node");
    expect(await nodeFor("my.yaml")).toMatchObject({ value: "named", file: "my.yaml" });
    expect(await nodeFor("/dev/null")).toMatchObject({ source: "default" });
    const missing = await run(["config"], { cwd, env: { PORTOLAN_CONFIG: "no.yaml" } });
    expect(missing).toMatchObject({ code: 3, stdout: "" });
    expect(missing.stderr).toContain("error[input-unreadable]: cannot read no.yaml: no such file");
  });

  it("commands on a host name the file, others are silent", async () => {
    const cwd = workspace({ "in.yaml": cluster, ".portolan.yaml": "node: node1\nfailOn: never\n" });
    const note = "note: .portolan.yaml sets node\n";
    expect((await run(["plan", "-f", "in.yaml", "--actual", dump], { cwd })).stderr).toContain(note);
    expect((await run(["verify", "-f", "in.yaml", "--actual", dump], { cwd })).stderr).toContain(note);
    const flagged = await run(["plan", "-f", "in.yaml", "--actual", dump, "--node", "node1"], { cwd });
    expect(flagged.stderr).not.toContain("note:");
    expect((await run(["compile", "in.yaml"], { cwd })).stderr).toBe("");
  });

  it("one that others can write does not decide on a host", async () => {
    const cwd = workspace({ "in.yaml": cluster, ".portolan.yaml": "node: node1\n" });
    chmodSync(join(cwd, ".portolan.yaml"), 0o666);
    const refused = await run(["apply", "-f", "in.yaml"], { cwd });
    expect(refused).toMatchObject({ code: 4, stdout: "" });
    expect(refused.stderr).toContain(
      "error[settings-untrusted]: .portolan.yaml cannot be trusted: every user can write it",
    );
    expect((await run(["compile", "in.yaml"], { cwd })).code).toBe(0);
  });

  it("one of another user is refused, unless the working directory is that user's", asRoot, async () => {
    const cwd = workspace({ "in.yaml": cluster, ".portolan.yaml": "node: node1\n" });
    chownSync(join(cwd, ".portolan.yaml"), 1234, 1234);
    const foreign = await run(["compile", "in.yaml"], { cwd });
    expect(foreign).toMatchObject({ code: 4, stdout: "" });
    expect(foreign.stderr).toContain("it belongs to another user (1234)\n   = hint: set PORTOLAN_CONFIG");
    const plan = ["plan", "-f", "in.yaml", "--actual", dump];
    expect((await run(plan, { cwd, env: { SUDO_UID: "1234" } })).stderr).toContain("note: .portolan.yaml sets node");
    chownSync(cwd, 1234, 1234);
    expect((await run(["compile", "in.yaml"], { cwd })).code).toBe(0);
    expect((await run(plan, { cwd })).code).toBe(4);
    // A link is the work of its owner, whoever owns the file that it leads to.
    const linked = workspace({ "in.yaml": cluster, "own.yaml": "node: node1\n" });
    symlinkSync("own.yaml", join(linked, ".portolan.yaml"));
    expect((await run(["compile", "in.yaml"], { cwd: linked })).code).toBe(0);
    lchownSync(join(linked, ".portolan.yaml"), 1234, 1234);
    expect((await run(["compile", "in.yaml"], { cwd: linked })).code).toBe(4);
  });
});

describe("wrong settings", () => {
  it("are all told with their places, and nothing runs", async () => {
    const text = `nod: x
kube-proxy-version: "1.36"
mode: ipvz
kubeProxyVersion: 1.36
podCidr: [10.0.0.0/16, foo]
suppress: [node-port-take]
nodes: many
recursive: "no"
linkBase: ftp://x
serviceNodePortRange: 30000
failOn: [error]
node: null
`;
    const cwd = workspace({ ".portolan.yaml": text, "in.yaml": cluster });
    const { stderr, stdout, code } = await run(["compile", "in.yaml"], { cwd });
    expect({ stdout, code }).toEqual({ stdout: "", code: 3 });
    expect(errorsIn(stderr)).toEqual([
      "setting-unknown .portolan.yaml:1:1",
      "setting-unknown .portolan.yaml:2:1",
      "setting-invalid .portolan.yaml:3:7",
      "setting-wrong-type .portolan.yaml:4:19",
      "setting-invalid .portolan.yaml:5:24",
      "setting-invalid .portolan.yaml:6:12",
      "setting-wrong-type .portolan.yaml:7:8",
      "setting-wrong-type .portolan.yaml:8:12",
      "setting-invalid .portolan.yaml:9:11",
      "setting-wrong-type .portolan.yaml:10:23",
      "setting-wrong-type .portolan.yaml:11:1",
    ]);
    for (const hint of [
      "did you mean node?",
      "did you mean kubeProxyVersion?",
      "did you mean ipvs? Allowed choices are iptables, ipvs, nftables",
      'write it in quotes: "1.36"',
      "foo is not a CIDR such as 10.96.0.0/16",
      "Did you mean node-port-taken?",
      "write it as https://HOST/PATH",
    ])
      expect(stderr).toContain(hint);
    expect(stderr).toContain("3 | mode: ipvz\n  |       ^^^^\n");
    expect(stderr).toContain("error: 11 errors in the settings; nothing was done\n");
  });

  it("are told by commands that have no use for them, and not by those that have no settings", async () => {
    const cwd = workspace({ ".portolan.yaml": "failOn: sometimes\n", "in.yaml": cluster });
    for (const args of [
      ["compile", "in.yaml"],
      ["snapshot", "-f", "in.yaml"],
      ["explain", "packet", "--from", "node", "--to", "svc/shop/web", "-f", "in.yaml"],
      ["config"],
    ])
      expect(await run(args, { cwd }), args.join(" ")).toMatchObject({ code: 3, stdout: "" });
    for (const args of [["version"], ["schema", "config"], ["help", "compile"], ["collect", "--script"]])
      expect((await run(args, { cwd })).code, args.join(" ")).toBe(0);
  });

  it.each([
    ["a list", "- node: a\n", "settings-not-a-mapping .portolan.yaml:1:1"],
    ["a text", "node1\n", "settings-not-a-mapping .portolan.yaml:1:1"],
    ["two documents", "node: a\n---\nmode: ipvs\n", "settings-not-a-mapping .portolan.yaml:3:1"],
    ["no YAML", "node: [a\nmode: ipvs\n", "syntax-invalid .portolan.yaml:2:1"],
    ["a key twice", "node: a\nnode: b\n", "syntax-invalid .portolan.yaml:2:1"],
    [
      "aliases that expand",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${["b", "c", "d", "e", "f", "g", "h"].map((key, index) => `${key}: &${key} [${`*${"abcdefg"[index]},`.repeat(9)}]\n`).join("")}`,
      /^syntax-invalid/,
    ],
    ["prototypes", "__proto__: {node: a}\nconstructor: b\n", /^setting-unknown .portolan.yaml:1:1$/],
    ["escapes", 'mode: "\\e[31mred"\n"\\e[2J": 1\n', "setting-invalid .portolan.yaml:1:7"],
    ["deep nesting", `node: ${"[".repeat(5000)}\n`, /^syntax-invalid/],
  ])("%s", async (_, text, first) => {
    const cwd = workspace({ ".portolan.yaml": text, "in.yaml": cluster });
    const { stderr, stdout, code } = await run(["compile", "in.yaml"], { cwd });
    expect({ stdout, code }).toEqual({ stdout: "", code: 3 });
    if (typeof first === "string") expect(errorsIn(stderr)[0]).toBe(first);
    else expect(errorsIn(stderr)[0]).toMatch(first);
    expect(stderr).not.toContain("\u001b");
  });

  it("an empty file has no settings, one that is too large or no file is an error", async () => {
    const cwd = workspace({ ".portolan.yaml": "# nothing yet\n", "in.yaml": cluster });
    expect(await run(["compile", "in.yaml"], { cwd })).toMatchObject({ code: 0, stderr: "" });
    writeFileSync(join(cwd, ".portolan.yaml"), `# ${"x".repeat(1_000_000)}\n`);
    expect((await run(["compile", "in.yaml"], { cwd })).stderr).toContain("it is larger than 1 MB");
    const folder = workspace({ "in.yaml": cluster });
    mkdirSync(join(folder, ".portolan.yaml"));
    expect((await run(["compile", "in.yaml"], { cwd: folder })).stderr).toContain("it is a directory");
  });

  it("variables are named, and the exit code is that of usage", async () => {
    const cwd = workspace({ "in.yaml": cluster });
    const env = { PORTOLAN_MODE: "ipvz", PORTOLAN_NODES: "0", PORTOLAN_SIMULATE: "maybe", PORTOLAN_POD_CIDR: "a,b" };
    const { stderr, stdout, code } = await run(["compile", "in.yaml"], {
      cwd,
      env: { ...env, PORTOLAN_PORT: "tcp://1" },
    });
    expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
    expect(stderr).toContain(
      `error[setting-variable-invalid]: PORTOLAN_MODE cannot be "ipvz"\n   = hint: did you mean ipvs?`,
    );
    for (const name of Object.keys(env)) expect(stderr).toContain(`]: ${name} cannot be "`);
    expect(stderr).not.toContain("PORTOLAN_PORT");
  });
});

describe("schemas", () => {
  const ajv = (): Ajv2020 => new Ajv2020({ strict: true, allowUnionTypes: true });

  it("of the file: takes what the program takes", () => {
    const validate = ajv().compile(schemas.config?.schema ?? {});
    expect(validate(load(file(whole)))).toBe(true);
    expect(validate({ podCidr: "10.0.0.0/16", node: null })).toBe(true);
    for (const wrong of [
      { nod: "a" },
      { mode: "ipvz" },
      { nodes: 0 },
      { kubeProxyVersion: 1.36 },
      { suppress: ["no"] },
    ])
      expect(validate(wrong), JSON.stringify(wrong)).toBe(false);
  });

  it("of the output", async () => {
    const cwd = workspace({ ".portolan.yaml": file(whole) });
    const { stdout } = await run(["config", "-o", "json"], { cwd, env: { PORTOLAN_NODE: "a" } });
    const validate = ajv().compile(schemas.settings?.schema ?? {});
    expect({ valid: validate(JSON.parse(stdout)), errors: validate.errors }).toEqual({ valid: true, errors: null });
  });

  it("the documentation names every setting with its variable", () => {
    const page = readFileSync(join(root, "src/web/docs/configuration.md"), "utf8");
    for (const name of settingNames) {
      expect(page).toContain(`| \`${name}\` |`);
      expect(page).toContain(variableOf(name));
    }
  });
});
