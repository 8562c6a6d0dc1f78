import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { cluster, node, replaced, service, slice } from "../../../harness/cluster-text.ts";
import { problemsIn, runCli, workspace } from "../../../harness/run-cli.ts";

let rules = "";
beforeAll(async () => {
  const result = await runCli(["compile", "-f", "-"], { stdin: cluster });
  expect(result).toMatchObject({ code: 0, stderr: "" });
  rules = result.stdout;
});

describe("other inputs", () => {
  it("a Host document says what the host can do", async () => {
    const host =
      "---\napiVersion: portolan/v1alpha1\nkind: Host\nmetadata: {name: node1}\ncpus: 4\nfeatures: {randomFully: false}\n";
    const result = await runCli(["compile", "-f", "-", "--kube-proxy-version", "1.36"], { stdin: cluster + host });
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(rules).toContain("--random-fully");
    expect(result.stdout).toBe(rules.replaceAll(" --random-fully", ""));
    // kube-proxy 1.37 does not ask the host.
    expect((await runCli(["compile", "-f", "-"], { stdin: cluster + host })).stdout).toBe(rules);
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
