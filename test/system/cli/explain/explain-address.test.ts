import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCli, workspace } from "../../../harness/run-cli.ts";

const golden = new URL("../../../../golden/nodeport-local-policy/", import.meta.url).pathname;
const read = (file: string): string => readFileSync(`${golden}${file}`, "utf8");
const state = read("cluster.yaml");
const cwd = workspace({
  "state.yaml": state,
  "config.yaml": read("kube-proxy.yaml"),
  "node1.save": read("iptables/iptables.restore") + read("iptables/iptables.jumps"),
  "restore.txt": `*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -d 10.96.0.1/32 -m comment --comment "shop/web cluster IP" -j KUBE-SVC-A\nCOMMIT\n`,
});
const ofState = ["-f", "state.yaml", "--proxy-config", "config.yaml"];
const ofDump = ["--actual", "node1.save"];

interface Document {
  readonly kind: string;
  readonly subject: string;
  readonly facts: readonly { readonly what: string; readonly object: string; readonly detail: string }[];
  readonly nodes: readonly { readonly lines: readonly { readonly chain?: string; readonly text: string }[] }[];
}

async function explain(...args: readonly string[]): Promise<Document> {
  const { stdout, stderr, code } = await runCli(["explain", ...args, "-o", "json"], { cwd });
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  return JSON.parse(stdout);
}

const factsOf = ({ facts }: Document): readonly string[] => facts.map(({ what, object }) => `${what} of ${object}`);
const chainsOf = ({ nodes }: Document): readonly string[] =>
  nodes.flatMap(({ lines }) => lines.map(({ chain = "" }) => chain.replace(/-[A-Z2-7]{16}$/, "")));

describe("explain ADDRESS", () => {
  const [, clusterIp = ""] = /clusterIP: ([\d.]+)/.exec(state) ?? [];
  const [, nodePort = ""] = /nodePort: (\d+)/.exec(state) ?? [];
  const [, nodeAddress = ""] = /InternalIP,? *\n? *address: ([\d.]+)/.exec(state) ?? [];

  it.each([
    ["a state", ofState],
    ["a dump", ofDump],
  ])("a cluster IP, from %s", async (_, flags) => {
    const found = await explain(clusterIp, ...flags);
    expect(found).toMatchObject({ kind: "AddressExplanation", subject: clusterIp });
    expect(factsOf(found)).toEqual(["cluster IP of Service shop/web"]);
    expect(chainsOf(found)).toContain("KUBE-SERVICES");
  });

  it.each([
    ["a state", ofState],
    ["a dump", ofDump],
  ])("an endpoint, from %s", async (_, flags) => {
    const found = await explain("10.0.1.5:8080", ...flags);
    expect(factsOf(found)).toContain("endpoint of Service shop/web");
    expect(chainsOf(found)).toEqual(["KUBE-SEP"]);
  });

  it("a node port", async () => {
    const inState = await explain(`${nodeAddress}:${nodePort}`, ...ofState);
    expect(factsOf(inState)).toEqual(["node address of Node node1", "node port of Service shop/web"]);
    expect(chainsOf(inState)).toContain("KUBE-NODEPORTS");
    const inDump = await explain(`192.0.2.99:${nodePort}`, ...ofDump);
    expect(factsOf(inDump)).toEqual(["node port of Service shop/web"]);
  });

  it("of nobody", async () => {
    const { stdout, code } = await runCli(["explain", "8.8.8.8", ...ofState], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain("nothing that was read says whose it is");
    expect(stdout).toContain("No rule on node1 names it.");
  });

  it("a port that its Service does not have", async () => {
    const { facts } = await explain(`${clusterIp}:81`, ...ofState);
    expect(facts[0]?.detail).toContain("without port 81; its ports:");
  });
});

describe("explain pod/NS/NAME and explain NAME", () => {
  const pod = `---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop}
spec: {nodeName: node1}
status: {podIP: 10.0.1.5}
`;
  const own = workspace({ "state.yaml": state + pod, "config.yaml": read("kube-proxy.yaml"), "node1.save": "" });

  it("a pod: whose endpoint it is, and the lines that name it", async () => {
    const { stdout, code } = await runCli(["explain", "pod/shop/web-1", ...ofState], { cwd: own });
    expect(code).toBe(0);
    expect(stdout).toMatch(/10\.0\.1\.5: endpoint of Service shop\/web, ready, on node1/);
    expect(stdout).toMatch(/KUBE-SEP-[A-Z2-7]{16}/);
    const gone = await runCli(["explain", "pod/shop/web-2", ...ofState], { cwd: own });
    expect(gone.code).toBe(3);
    expect(gone.stderr).toContain("did you mean pod/shop/web-1?");
    const inDump = await runCli(["explain", "pod/shop/web-1", ...ofDump], { cwd });
    expect(inDump.code).toBe(2);
  });

  it("the only Service of a name, from a state and from a dump", async () => {
    const whole = await runCli(["explain", "service/shop/web", ...ofState], { cwd });
    expect((await runCli(["explain", "web", ...ofState], { cwd })).stdout).toBe(whole.stdout);
    const dumped = await runCli(["explain", "service/shop/web", ...ofDump], { cwd });
    expect((await runCli(["explain", "web", ...ofDump], { cwd })).stdout).toBe(dumped.stdout);
  });

  it("a name of several Services, or of none", async () => {
    const other =
      state +
      `---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: other}\nspec: {clusterIP: 10.96.9.9, ports: [{port: 80}]}\n`;
    const two = workspace({ "state.yaml": other, "config.yaml": read("kube-proxy.yaml") });
    const several = await runCli(["explain", "web", ...ofState], { cwd: two });
    expect(several.code).toBe(2);
    expect(several.stderr).toMatch(/there are several Services web: service\/\S+\/web, service\/\S+\/web/);
    const none = await runCli(["explain", "wep", ...ofState], { cwd });
    expect(none).toMatchObject({ code: 3, stdout: "" });
    expect(none.stderr).toContain("there is no Service wep; did you mean web?");
  });
});

describe("what iptables-restore refused", () => {
  it.each([
    [["iptables-restore: line 3 failed", "--actual", "restore.txt"]],
    [
      [
        "iptables-restore v1.8.9 (nf_tables): line 3: RULE_APPEND failed (No such file or directory)",
        "--actual",
        "restore.txt",
      ],
    ],
    [["Error occurred at line: 3", "--actual", "restore.txt"]],
    [["restore.txt:3"]],
    [["./restore.txt:3"]],
  ])("%j: what is wrong, and whose it is", async (args) => {
    const { stdout, stderr, code } = await runCli(["explain", ...args], { cwd });
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toContain("jump target KUBE-SVC-A does not exist in table nat");
    expect(stdout.replace(/\s+/g, " ")).toContain("(service port shop/web)");
  });

  it("needs the text, or the state that it was compiled from", async () => {
    const alone = await runCli(["explain", "iptables-restore: line 3 failed"], { cwd });
    expect(alone).toMatchObject({ code: 2, stdout: "" });
    const short = await runCli(["explain", "iptables-restore: line 9 failed", "--actual", "restore.txt"], { cwd });
    expect(short.code).toBe(3);
    expect(short.stderr).toContain("restore.txt has no line 9: it ends at line 4");
    const lines = read("iptables/iptables.restore").split("\n");
    const line = lines.findIndex((text) => text.startsWith("-A KUBE-SVC-")) + 1;
    const compiled = await runCli(["explain", `iptables-restore: line ${line} failed`, ...ofState], { cwd });
    expect(compiled.stdout).toContain(lines[line - 1]);
  });
});
