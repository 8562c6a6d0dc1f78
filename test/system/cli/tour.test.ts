import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { tourSchema } from "../../../src/report/schema-tour.ts";
import { hasControls } from "../../harness/controls.ts";
import { errorsIn, problemsIn, runCli, workspace } from "../../harness/run-cli.ts";

const shop = new URL("../../../golden/shop/cluster.yaml", import.meta.url).pathname;
const bare = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{containerPort: 8080}]}]}
`;
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(tourSchema);

describe("tour", () => {
  it("fits 80 columns, names every Service, and shows no rule unless asked", async () => {
    const { code, stdout, stderr } = await runCli(["tour", "-f", shop]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    for (const name of ["frontend", "cart", "checkout", "search", "orders-db"])
      expect(stdout).toMatch(new RegExp(`^shop/${name} `, "m"));
    expect(stdout).not.toContain("KUBE-");
    const long = await runCli(["tour", "-f", shop, "--rules", "--service", "cart"]);
    expect(long.stdout).toContain("-A KUBE-SEP-");
    expect(long.stdout).not.toContain("shop/frontend");
  });

  it.each(["iptables", "ipvs", "nftables"])("is JSON by its schema in %s mode", async (mode) => {
    const { stdout } = await runCli(["tour", "-f", shop, "--mode", mode, "-o", "json", "--rules"]);
    const tour = JSON.parse(stdout);
    expect([validate(tour), validate.errors]).toEqual([true, null]);
    expect(tour).toMatchObject({ kind: "Tour", mode, services: { length: 5 } });
  });

  it("has the findings of check with each Service", async () => {
    const { stdout } = await runCli(["tour", "-f", shop, "-o", "json"]);
    const { services, findings } = JSON.parse(stdout);
    const found = services.flatMap(({ service, findings: own }: { service: string; findings: { code: string }[] }) =>
      own.map(({ code }) => `${service} ${code}`),
    );
    expect([found, findings]).toEqual([["shop/search service-without-endpoints"], []]);
  });

  it("is what explain says of a state without a question", async () => {
    const [tour, explained] = await Promise.all([runCli(["tour", "-f", shop]), runCli(["explain", "-f", shop])]);
    expect(explained).toEqual(tour);
    const drawn = await runCli(["explain", "-f", shop, "-o", "dot"]);
    expect(drawn.code).toBe(2);
  });

  it.each([
    ["svg", /^<svg xmlns="[^"]+" class="tour"[\s\S]*<\/svg>\n$/],
    ["html", /^<!doctype html>[\s\S]*<svg [\s\S]*<\/html>\n$/],
  ])("draws %s, without the text of a state as markup", async (format, form) => {
    const hostile = bare.replaceAll("8080", '"<b>"').replace("name: web,", 'name: web, annotations: {a: "<script>"},');
    const [{ stdout }, other] = await Promise.all([
      runCli(["tour", "-f", shop, "-o", format]),
      runCli(["tour", "-f", "-", "-o", format], { stdin: hostile }),
    ]);
    expect(stdout).toMatch(form);
    expect(stdout).not.toMatch(/<script|\son\w+=|href="http/);
    expect(other.stdout).not.toContain("<b>");
    expect(hasControls(stdout.replaceAll("\n", ""))).toBe(false);
  });

  it("refuses invalid input, and a node that does not exist", async () => {
    const unknown = await runCli(["tour", "-f", shop, "--node", "node9"]);
    expect([unknown.code, unknown.stdout]).toEqual([3, ""]);
    expect(errorsIn(unknown.stderr)).toEqual(["node-unknown -"]);
    const none = await runCli(["tour"]);
    expect([none.code, none.stderr]).toEqual([2, "error: no input: pass -f FILE or --live\n"]);
  });
});

describe("bare manifests", () => {
  const cwd = workspace({ "web.yaml": bare });
  const notice =
    "info[state-simulated]: simulated: 1 EndpointSlice, 3 Nodes (node1, node2, node3), 2 Pods; fields of 1 Service (--no-simulate takes the input as it is)\n";

  it.each([
    [["tour"]],
    [["compile"]],
    [["check"]],
    [["explain", "svc/shop/web"]],
    [["explain", "packet", "--from", "internet", "--to", "svc/shop/web"]],
  ])("are simulated by %s, with one line of notice and without --node", async (command) => {
    const { code, stdout, stderr } = await runCli([...command, "-f", "web.yaml"], { cwd });
    expect([code, stderr]).toEqual([0, notice]);
    expect(stdout).toBe((await runCli([...command, "-f", "web.yaml", "--simulate"], { cwd })).stdout);
  });

  it("are taken as they are with --no-simulate", async () => {
    const { stderr } = await runCli(["compile", "-f", "web.yaml", "--no-simulate", "--node", "n1"], { cwd });
    expect(problemsIn(stderr)).toEqual(
      expect.arrayContaining(["warning[no-endpoint-objects] -", "warning[cluster-ip-missing] web.yaml:4:1"]),
    );
    const both = await runCli(["compile", "-f", "web.yaml", "--no-simulate", "--nodes", "2"], { cwd });
    expect(both.code).toBe(2);
  });

  it.each(["plan", "apply"])("are refused by %s", async (command) => {
    const flags = [command, "-f", "web.yaml", ...(command === "apply" ? ["--dry-run=client"] : [])];
    const { code, stderr } = await runCli(flags, { cwd });
    expect([code, errorsIn(stderr)]).toEqual([3, ["state-simulated-refused -"]]);
  });

  it("get the same addresses on both sides of a diff", async () => {
    const files = { "a.yaml": bare, "b.yaml": bare.replace("replicas: 2", "replicas: 3") };
    const { stdout } = await runCli(["diff", "a.yaml", "b.yaml"], { cwd: workspace(files) });
    expect(stdout).toMatch(/^1 Service changes on 3 nodes/);
    expect(stdout).not.toContain("removed,");
  });

  it("have Nodes that are named where one must be chosen", async () => {
    const simulated = await runCli(["compile", "-f", "web.yaml", "--node", "host1"], { cwd });
    expect(simulated.stderr).toContain("= hint: existing Nodes: node1, node2, node3\n");
    const given = await runCli(["compile", "-f", shop]);
    expect(given.stderr).toContain("the input has 3 Nodes (node1, node2, node3) and no node was chosen");
  });
});
