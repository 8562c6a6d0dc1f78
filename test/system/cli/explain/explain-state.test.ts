import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hasControls } from "../../../harness/controls.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";

const golden = new URL("../../../../golden/", import.meta.url).pathname;
const elsewhere = ["-f", `${golden}nodeport-local-elsewhere/cluster.yaml`];
const svc = "KUBE-SVC-RUKNB3TURLFC6SGL";
const svl = "KUBE-SVL-RUKNB3TURLFC6SGL";

async function explain(...args: readonly string[]): Promise<string> {
  const { stdout, stderr, code } = await runCli(["explain", ...args]);
  expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  return stdout;
}

describe("explain TYPE/NS/NAME", () => {
  it("a Service: picture, what is not there, lines with their causes", async () => {
    const text = await explain("service/shop/api", "--rules", ...elsewhere);
    expect(text).toContain("  external traffic    dropped: policy Local without a local endpoint\n");
    expect(text).toContain("    10.0.2.6:8080     on node2             50%           -\n");
    expect(text.replace(/\s+/g, " ")).toContain(
      `rules in ${svl}: externalTrafficPolicy is Local and 0 of 2 endpoints are local`,
    );
    expect(text).toMatch(/Generated rules \(15\)\n/);
    expect(text).toMatch(/from Service shop\/api spec\.ports\[0\]\.nodePort \(.*cluster\.yaml:20:56\)\n/);
    const prose = text.split("\n").filter((line) => !/^ +\d+: |cluster\.yaml/.test(line));
    for (const line of prose) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("a Service is short by default: its rules are counted", async () => {
    const [long, short] = await Promise.all([
      explain("service/shop/api", "--rules", ...elsewhere),
      explain("service/shop/api", ...elsewhere),
    ]);
    expect(short).toMatch(/\n\nGenerated rules \(15\): --rules lists them\n$/);
    expect(long.startsWith(short.slice(0, short.indexOf("Generated rules")))).toBe(true);
  });

  it.each([
    ["svc/shop/api"],
    ["services/api", "-n", "shop"],
    ["service", "shop/api"],
    ["Service", "api", "-n", "shop"],
  ])("%s %s %s is the same", async (...words) => {
    expect(await explain(...words, ...elsewhere)).toBe(await explain("service/shop/api", ...elsewhere));
  });

  it("as JSON: reasons and places for scripts", async () => {
    const document = JSON.parse(await explain("service/shop/api", "-o", "json", ...elsewhere));
    expect(document).toMatchObject({
      apiVersion: "portolan/v1alpha1",
      kind: "ServiceExplanation",
      object: "Service shop/api",
      nodes: [{ nodes: ["node1"], ports: [{ name: "shop/api:http" }] }],
    });
    expect(document.nodes[0].notProgrammed[0]).toMatchObject({
      reason: "no-local-endpoints",
      port: "shop/api:http",
      source: { line: 16, column: 26 },
    });
    expect(document.nodes[0].lines[0]).toMatchObject({
      file: "iptables.restore",
      cause: { object: "Service shop/api" },
    });
  });

  it("folds nodes that are equal, and tells apart those that are not", async () => {
    const cluster = readFileSync(`${golden}nodeport-local-elsewhere/cluster.yaml`, "utf8");
    const more = ["node2", "node4"].map(
      (name, index) =>
        `---\napiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\nstatus: {addresses: [{type: InternalIP, address: 192.0.2.${20 + index}}]}\n`,
    );
    const cwd = workspace({ "cluster.yaml": `${cluster}\n${more.join("")}` });
    const document = JSON.parse(
      (await runCli(["explain", "svc/shop/api", "-f", "cluster.yaml", "-o", "json"], { cwd })).stdout,
    );
    expect(document.nodes.map(({ nodes }: { nodes: string[] }) => nodes)).toEqual([["node1", "node4"], ["node2"]]);
    const drawn = await runCli(["explain", "svc/shop/api", "-f", "cluster.yaml", "-o", "dot"], { cwd });
    expect(drawn).toMatchObject({ code: 2, stdout: "" });
    expect(drawn.stderr).toContain("pass --node");
    const chain = await runCli(["explain", svl, "-f", "cluster.yaml"], { cwd });
    expect(chain.stdout).toMatch(/on node1, node4\n\nIt does not exist\./);
    expect(chain.stdout).toMatch(/on node2\n\nTable nat/);
  });

  it("an EndpointSlice and a Node", async () => {
    const slice = await explain("endpointslice/shop/api-zz7lq", "--rules", ...elsewhere);
    expect(slice).toMatch(/^EndpointSlice shop\/api-zz7lq, of Service shop\/api /);
    expect(slice).toContain("Generated rules (8)\n");
    const node = JSON.parse(await explain("node/node1", "-o", "json", ...elsewhere));
    expect(node).toMatchObject({ kind: "NodeExplanation", node: "node1", lines: { always: 33 } });
    expect(node.notProgrammed.map(({ reason }: { reason: string }) => reason)).toEqual(["no-local-endpoints"]);
  });

  it("Endpoints that no slice replaces, and those that one does", async () => {
    const file = ["-f", `${golden}endpoints-without-slices/cluster.yaml`];
    const { stdout } = await runCli(["compile", ...file, "-o", "json"]);
    const objects: string[] = JSON.parse(stdout).steps.flatMap(({ rules = [] }: { rules?: { object: string }[] }) =>
      rules.map(({ object }) => object),
    );
    const name = objects.find((object) => object.startsWith("Endpoints "))?.replace("Endpoints ", "") ?? "";
    expect(await explain(`endpoints/${name}`, ...file)).toMatch(/Generated rules \(\d+\)/);
  });
});

describe("explain CHAIN and LINE", () => {
  it("a chain with its shares and causes", async () => {
    const text = (await explain(svc, ...elsewhere)).replace(/\s+/g, " ");
    expect(text).toContain("It balances traffic for shop/api:http over its endpoints in the cluster.");
    expect(text).toContain(
      "Rule 1: 50% of every packet: jump to KUBE-SEP-QTF5HD6BT4NCANFO, which sends to 10.0.2.6:8080",
    );
    expect(text).toContain("from EndpointSlice shop/api-zz7lq endpoints[0].addresses[0]");
  });

  it("the same line in each of its forms", async () => {
    const file = readFileSync(`${golden}nodeport-local-elsewhere/iptables/iptables.restore`, "utf8").split("\n");
    const number = file.findIndex((line) => line.startsWith(`-A ${svc}`)) + 1;
    const line = file[number - 1] ?? "";
    const args = ["--proxy-config", `${golden}nodeport-local-elsewhere/kube-proxy.yaml`, ...elsewhere];
    const said = await explain(line, ...args);
    expect(said).toContain(`It is rule 1 of ${svc} in table nat, on node1\n`);
    expect(await explain("--", `[3:180] ${line}`, ...[])).toContain("a packet\n");
    expect(await explain(`iptables.restore:${number}`, ...args)).toBe(said);
  });

  it("a declaration, a set and an entry", async () => {
    expect(await explain(`:${svc} - [0:0]`, ...elsewhere)).toBe(await explain(svc, ...elsewhere));
    const ipvs = ["--mode", "ipvs", ...elsewhere];
    expect(await explain("KUBE-CLUSTER-IP", ...ipvs)).toContain("    10.96.0.21,tcp:80\n");
    expect(await explain("add KUBE-CLUSTER-IP 10.96.0.21,tcp:80", ...ipvs)).toContain(
      "from Service shop/api spec.clusterIP",
    );
    expect(await explain("-A -t 10.96.0.21:80", ...ipvs)).toContain("It is the virtual server for TCP 10.96.0.21:80");
  });

  it("a rule without any state, in words alone", async () => {
    expect(await explain("-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000")).toBe(
      "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n\nEvery packet that reaches KUBE-MARK-MASQ\nwill\n  - set bits 0x4000 of the mark\n",
    );
  });

  it("a picture", async () => {
    const text = await explain("svc/shop/api", ...elsewhere, "-o", "mermaid");
    expect(text).toMatch(/^flowchart LR\n {2}n0/);
    expect(text).toContain('|"50%"|');
    expect(await explain(svc, ...elsewhere, "-o", "dot")).toMatch(/^digraph chains \{\n(?:.*\n)*\}\n$/);
  });
});

describe("what cannot be explained", () => {
  it.each([
    [["service/shop/apj", ...elsewhere], 3, "the state has no Service shop/apj; did you mean service/shop/api?"],
    [["service/api", ...elsewhere], 3, "the state has no Service default/api; did you mean service/shop/api?"],
    [["servise/shop/api"], 2, "did you mean service/shop/api?"],
    [["shop/api"], 2, "did you mean service/shop/api?"],
    [["service/a/b/c"], 2, "write it as service/NAMESPACE/NAME"],
    [["service/shop/api"], 2, "pass -f STATE"],
    [[svc], 2, "pass -f STATE"],
    [["node-port-takn"], 2, "did you mean node-port-taken?"],
    [["KUBE-SERVICE", ...elsewhere], 3, "did you mean KUBE-SERVICES?"],
    [["KUBE-SVC-AAAAAAAAAAAAAAAA", ...elsewhere], 3, "it belongs to no service port or endpoint of the state"],
    [["KUBE-CLUSTER-IP", ...elsewhere], 3, "only the ipvs mode has it"],
    [["iptables.restore:9999", ...elsewhere], 3, "line 9999 of iptables.restore is neither a rule nor a chain"],
    [["iptables.restor:9", ...elsewhere], 3, "there is no file iptables.restor; existing files: iptables.restore"],
    [['-A A --comment "x'], 2, "not a rule: a quote is not closed"],
    [["-A", "KUBE-SERVICES", "-d", "10.0.0.1"], 2, "put it in quotes"],
    [["node/node9", ...elsewhere], 3, "the state has no Node node9; did you mean node/node1?"],
    [["endpoints/shop/api", ...elsewhere], 3, "the state has no Endpoints shop/api"],
    [["service/shop/api", "-f", "/nonexistent.yaml"], 3, "nothing was explained"],
    [["service/shop/api", ...elsewhere, "--all-nodes", "--node", "node1"], 2, "cannot be used with"],
  ] as const)("%j", async (args, code, message) => {
    const result = await runCli(["explain", ...args]);
    expect(result).toMatchObject({ code, stdout: "" });
    expect(result.stderr.replace(/\s+/g, " ")).toContain(message);
  });
});

describe("names and comments cannot break out", () => {
  it("of text or JSON", async () => {
    const rule = '-A A -m comment --comment "\u001b[31m\u202e" -j B';
    const text = await explain(rule);
    expect(hasControls(text)).toBe(false);
    expect(text).toContain("\\u001b[31m");
    const { stderr } = await runCli(["explain", "\u001b[31mx"]);
    expect(stderr).not.toContain("\u001b");
  });
});
