import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { cluster, node, replaced, service, slice } from "../clusters.ts";
import { compileHere } from "../compile-here.ts";
import { errorsIn, problemsIn, runCli, workspace } from "../run-cli.ts";

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
    expect(await compileHere({ filename: [file], node: "node1" })).toEqual({ code: 0, stderr: "", stdout: rules });
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

describe("other inputs", () => {
  it("a Host document says what the host can do", async () => {
    const host =
      "---\napiVersion: portolan/v1alpha1\nkind: Host\nmetadata: {name: node1}\ncpus: 4\nfeatures: {randomFully: false}\n";
    const result = await runCli(["compile", "-f", "-"], { stdin: cluster + host });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(rules).toContain("--random-fully");
    expect(result.stdout).toBe(rules.replaceAll(" --random-fully", ""));
    const unknown = await runCli(["compile", "-f", "-"], { stdin: `${cluster}${host}feature: {}\n` });
    expect(problemsIn(unknown.stderr)).toEqual(["warning[field-unknown] standard input:39:1"]);
    expect(unknown.stderr).toContain("did you mean features?");
  });

  it("v1 Endpoints count only for a Service without slices", async () => {
    const endpoints =
      "apiVersion: v1\nkind: Endpoints\nmetadata: {name: web, namespace: shop}\nsubsets:\n- addresses: [{ip: 10.0.1.5, nodeName: node1}]\n  ports: [{port: 8080}]\n";
    const alone = await runCli(["compile", "-f", "-"], { stdin: [node, service, endpoints].join("---\n") });
    expect(alone).toEqual({ code: 0, stderr: "", stdout: rules });
    const beside = await runCli(["compile", "-f", "-"], {
      stdin: [cluster, replaced(endpoints, "10.0.1.5", "10.0.1.6")].join("---\n"),
    });
    expect(beside).toEqual({ code: 0, stderr: "", stdout: rules });
  });

  it("--family chooses what is compiled", async () => {
    const headings = async (...args: readonly string[]): Promise<readonly string[]> => {
      const { stdout, code } = await runCli(["compile", "-f", "-", ...args], { stdin: cluster });
      expect(code).toBe(0);
      return stdout.match(/(?<=^==> )ip6?tables\.restore(?= <==$)/gm) ?? [];
    };
    expect(await headings()).toEqual(["iptables.restore"]);
    expect(await headings("--family", "ipv4")).toEqual(["iptables.restore"]);
    expect(await headings("--family", "ipv6")).toEqual(["ip6tables.restore"]);
    expect(await headings("--family", "dual")).toEqual(["iptables.restore", "ip6tables.restore"]);
  });

  it("--service-node-port-range decides about the warning", async () => {
    const stdin = replaced(cluster, "30080", "8080");
    const warned = await runCli(["compile", "-f", "-"], { stdin });
    expect(problemsIn(warned.stderr)).toEqual(["warning[node-port-out-of-range] standard input:19:15"]);
    const quiet = await runCli(["compile", "-f", "-", "--service-node-port-range", "8000-9000"], { stdin });
    expect(quiet).toMatchObject({ code: 0, stderr: "", stdout: warned.stdout });
  });

  it("without a Node, --node suffices", async () => {
    const result = await runCli(["compile", "-f", "-", "--node", "node1"], { stdin: [service, slice].join("---\n") });
    expect(problemsIn(result.stderr)).toEqual(["warning[node-absent] -"]);
    expect(result.code).toBe(0);
    const local = result.stdout.match(/^-A KUBE-SEP-.*$/gm);
    expect(local).toEqual(rules.match(/^-A KUBE-SEP-.*$/gm));
  });
});

describe("-o json and -o yaml", () => {
  interface Step {
    readonly purpose: string;
    readonly argv: readonly string[];
    readonly file: string;
    readonly stdin: string;
    readonly rules?: readonly { line: number; text: string; object: string; field?: string; file?: string }[];
  }
  interface Script {
    readonly apiVersion: string;
    readonly kind: string;
    readonly node: string;
    readonly steps: readonly Step[];
  }

  it("hold the same steps, and a cause for every rule", async () => {
    const cwd = workspace({ "in.yaml": cluster });
    const [json, yaml] = await Promise.all(
      ["json", "yaml"].map((format) => runCli(["compile", "-f", "in.yaml", "-o", format], { cwd })),
    );
    const script = JSON.parse(json?.stdout ?? "") as Script;
    expect(parse(yaml?.stdout ?? "")).toEqual(script);
    expect(script).toMatchObject({ apiVersion: "portolan/v1alpha1", kind: "Script", node: "node1" });
    for (const { file, stdin, rules: causes, purpose, argv } of script.steps) {
      expect(rules).toContain(`==> ${file} <==\n${stdin}`);
      expect(purpose).not.toBe("");
      expect(argv.length).toBeGreaterThan(0);
      const appended = stdin
        .split("\n")
        .flatMap((text, index) => (text.startsWith("-A ") ? [{ line: index + 1, text }] : []));
      if (!file.startsWith("iptables")) continue;
      expect(causes?.map(({ line, text }) => ({ line, text }))).toEqual(expect.arrayContaining(appended));
      for (const { object, field, file: from, text } of causes ?? []) {
        expect(object).toMatch(/^(Service shop\/web|EndpointSlice shop\/web-x1|Node node1|kube-proxy)$/);
        if (object.startsWith("Service ") || object.startsWith("EndpointSlice ")) {
          expect(field, text).toMatch(/^(spec|status|metadata|endpoints)/);
          expect(from).toBe("in.yaml");
        }
      }
    }
  });
});
