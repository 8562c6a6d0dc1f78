import { readdirSync, readFileSync } from "node:fs";
import { loadAll } from "js-yaml";
import { describe, expect, it } from "vitest";
import { cluster } from "../../harness/cluster-text.ts";
import { errorsIn, problemsIn, runCli, workspace } from "../../harness/run-cli.ts";

const fixtures = new URL("../../fixtures/simulate/", import.meta.url).pathname;
const demos = readdirSync(fixtures);

// biome-ignore lint/suspicious/noExplicitAny: the shape is the API's
type Loose = any;

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  type: NodePort
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
`;
const api = web.replaceAll("web", "api");

describe("simulate", () => {
  it.each(demos)(
    "makes a whole state of %s: every selector has endpoints, and nothing is wrong with it",
    async (demo) => {
      const { code, stdout, stderr } = await runCli(["simulate", "-f", `${fixtures}${demo}`]);
      expect([code, problemsIn(stderr)]).toEqual([0, ["info[state-simulated] -"]]);
      const objects = loadAll(stdout) as Loose[];
      const endpoints = new Map<string, number>();
      for (const { kind, metadata, endpoints: list } of objects) {
        const name = metadata.labels?.["kubernetes.io/service-name"];
        if (kind === "EndpointSlice") endpoints.set(name, (endpoints.get(name) ?? 0) + list.length);
      }
      const selecting = objects.filter(({ kind, spec }) => kind === "Service" && spec.selector !== undefined);
      expect(selecting.length).toBeGreaterThan(1);
      for (const { metadata } of selecting) expect([metadata.name, endpoints.get(metadata.name)]).not.toContain(0);
      const again = await runCli(["simulate", "-f", "-"], { stdin: stdout });
      expect(again.stdout).toBe(stdout);
      const flags = ["compile", "--all-nodes"];
      const compiled = await runCli([...flags, "-f", "-"], { stdin: stdout });
      const direct = await runCli([...flags, "--simulate", "-f", `${fixtures}${demo}`]);
      expect(direct.stdout).toBe(compiled.stdout);
      expect(problemsIn(direct.stderr)).toEqual(["info[state-simulated] -"]);
    },
    30_000,
  );

  it("prints words that some readers of YAML take for something else as text", async () => {
    const labels = '{app: web, "on": "yes", "n": "1_000", "012": "1e3"}';
    const plain = web.replaceAll("{app: web}", labels);
    const { stdout } = await runCli(["simulate", "-f", "-"], { stdin: plain });
    const compiled = await runCli(["compile", "--node", "node1", "-f", "-"], { stdin: stdout });
    expect(compiled.stdout).toContain("KUBE-SEP-");
    const flags = ["compile", "--simulate", "--node", "node1", "-f", "-"];
    expect(compiled.stdout).toBe((await runCli(flags, { stdin: plain })).stdout);
  });

  it("leaves a complete state as it is, in either format", async () => {
    const cwd = workspace({ "cluster.yaml": cluster });
    const { stdout, stderr } = await runCli(["simulate", "-f", "cluster.yaml", "-o", "json"], { cwd });
    expect(stderr).toBe("");
    const { items } = JSON.parse(stdout) as { items: Loose[] };
    const byKind = (list: Loose[]) => [...list].sort((a, b) => (a.kind < b.kind ? -1 : 1));
    expect(byKind(items)).toEqual(byKind(loadAll(cluster)));
  });

  it("names what it ignores", async () => {
    const { stderr } = await runCli(["simulate", "-f", `${fixtures}blog.yaml`]);
    expect(stderr).toContain("\nignored: Secret default/blog-password and PersistentVolumeClaim default/blog-data\n");
  });

  it("points at the manifest that an invented object was made for", async () => {
    const spec = "nodeSelector: {disk: tape}, containers";
    const node = "apiVersion: v1\nkind: Node\nmetadata: {name: n1}\n---\n";
    const cwd = workspace({ "web.yaml": node + web.replace("containers", spec) });
    const { code, stderr } = await runCli(["compile", "-f", "web.yaml", "--simulate"], { cwd });
    expect(code).toBe(0);
    expect(problemsIn(stderr)).toContain("warning[simulate-pods-pending] web.yaml:5:1");
  });
});

describe("bad input of simulate", () => {
  const failing = async (manifest: string, ...flags: readonly string[]) => {
    const cwd = workspace({ "in.yaml": manifest });
    const { code, stdout, stderr } = await runCli(["simulate", "-f", "in.yaml", ...flags], { cwd });
    expect([code, stdout]).toEqual([3, ""]);
    return stderr;
  };

  it("is a template that was not rendered", async () => {
    expect(await failing(web.replace("replicas: 3", "replicas: {{ .Values.replicas }}"))).toContain(
      "error[template-not-rendered]",
    );
    expect(await failing(web.replace("name: web,", "name: {{ .Release.Name }}-web,"))).toContain("helm template");
  });

  it("is a selector that finds no pod of its own, a Service without ports, a port given twice", async () => {
    expect(errorsIn(await failing(web.replace("matchLabels: {app: web}", "matchLabels: {app: api}")))).toEqual([
      "workload-selector-mismatch in.yaml:6:3",
    ]);
    expect(errorsIn(await failing(web.replace(/ {2}ports: \[\{port: 80.*/, "")))).toEqual([
      "service-without-ports in.yaml:14:1",
    ]);
    const fixed = (text: string) => text.replace("port: 80,", "port: 80, nodePort: 30080,");
    expect(errorsIn(await failing(`${fixed(web)}---\n${fixed(api)}`))).toEqual(["node-port-taken in.yaml:35:32"]);
  });

  it("is a range that is too small, and a name that nothing has", async () => {
    expect(await failing(`${web}---\n${api}`, "--service-cidr", "10.0.0.0/30")).toContain("error[simulate-range-full]");
    expect(await failing(web, "--fail", "node9")).toContain("error[simulate-unknown-name]");
    expect(await failing(web, "--pod-cidr", "10.0.0.0/30", "--nodes", "9")).toContain("error[simulate-node-full]");
  });

  it("is a flag that says nothing sensible", async () => {
    for (const flags of [
      ["--nodes", "0"],
      ["--pod-cidr", "x"],
      ["--scale", "web"],
      ["--service-cidr", "10.0.0.0/8,11.0.0.0/8"],
    ]) {
      const { code } = await runCli(["simulate", "-f", "-", ...flags], { stdin: web });
      expect(code).toBe(2);
    }
  });
});

describe("--simulate", () => {
  it("lets diff show what a change does, and nothing else", async () => {
    const cwd = workspace({ "a/web.yaml": web, "b/web.yaml": web, "b/api.yaml": api });
    const same = await runCli(["diff", "a", "a", "--simulate"], { cwd });
    expect(same.code).toBe(0);
    const { code, stdout } = await runCli(["diff", "a", "b", "--simulate", "-o", "json"], { cwd });
    expect(code).toBe(1);
    const { changes, assumptions } = JSON.parse(stdout) as { changes: { service: string }[]; assumptions: string[] };
    expect(assumptions).toContain("b: addresses, ports and endpoints that manifests lack are simulated");
    expect([...new Set(changes.map(({ service }) => service.replace(/:.*/, "")))]).toEqual(["shop/api"]);
  });

  it("is there for explain and check", async () => {
    const cwd = workspace({ "web.yaml": web });
    const flags = ["-f", "web.yaml", "--simulate"];
    const explained = await runCli(["explain", "service/shop/web", ...flags, "--node", "node1"], { cwd });
    expect(explained.code).toBe(0);
    expect(explained.stdout).toMatch(/on node2 +33\.3%/);
    const checked = await runCli(["check", ...flags], { cwd });
    expect([checked.code, problemsIn(checked.stderr)]).toEqual([0, ["info[state-simulated] -"]]);
    expect(problemsIn(explained.stderr)).toEqual(["info[state-simulated] -"]);
  });

  it("is refused by plan and apply, until --allow-simulated; so is a state that holds invented parts", async () => {
    const cwd = workspace({ "web.yaml": web, "host.txt": "" });
    const state = (await runCli(["simulate", "-f", "web.yaml"], { cwd })).stdout;
    const dryRun = ["apply", "--node", "node1", "--dry-run", "client"];
    for (const source of [
      ["-f", "web.yaml", "--simulate"],
      ["-f", "-"],
    ]) {
      const refused = await runCli([...dryRun, ...source], { cwd, stdin: state });
      expect([refused.code, errorsIn(refused.stderr)]).toEqual([3, ["state-simulated-refused -"]]);
      const allowed = await runCli([...dryRun, ...source, "--allow-simulated"], { cwd, stdin: state });
      expect([allowed.code, errorsIn(allowed.stderr)]).toEqual([0, []]);
    }
  });
});

describe("-k", () => {
  it("says that kubectl is missing", async () => {
    const { code, stderr } = await runCli(["compile", "-k", "."], { env: { PATH: workspace() } });
    expect([code, stderr]).toEqual([4, "error: -k needs kubectl, which is not on the PATH; install it or pass -f\n"]);
  });

  it("reads what kubectl kustomize prints", async () => {
    const bin = workspace({
      kubectl: `#!/bin/sh\n[ "$1 $2" = "kustomize deploy" ] || exit 1\n/bin/cat <<E\n${web}E\n`,
    });
    const { chmodSync } = await import("node:fs");
    chmodSync(`${bin}/kubectl`, 0o755);
    const run = (...args: readonly string[]) => runCli(args, { env: { PATH: bin }, stdin: web });
    const { code, stdout } = await run("compile", "-k", "deploy", "--simulate", "--node", "node1");
    expect(code).toBe(0);
    expect(stdout).toBe((await run("compile", "-f", "-", "--simulate", "--node", "node1")).stdout);
    expect((await run("compile", "-k", "other")).code).toBe(3);
  });
});

describe("an overlay over a state with pods", () => {
  it("gives a Service with another selector the endpoints it would get", async () => {
    const cwd = workspace({ "m.yaml": `${web}---\n${api}` });
    const base = (await runCli(["simulate", "-f", "m.yaml"], { cwd })).stdout;
    const over =
      "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: NodePort, selector: {app: api}, ports: [{port: 80, targetPort: http}]}\n";
    const files = workspace({ "base.yaml": base, "over.yaml": over });
    const args = ["compile", "-f", "base.yaml", "--overlay", "over.yaml", "--node", "node1"];
    const { code, stdout, stderr } = await runCli(args, { cwd: files });
    expect(code).toBe(0);
    expect(problemsIn(stderr)).toContain("info[overlay-endpoints-recomputed] over.yaml:1:1");
    expect(stderr).not.toContain("overlay-endpoints-kept");
    const pods = (loadAll(base) as Loose[]).filter(
      ({ kind, metadata }) => kind === "Pod" && metadata.labels.app === "api",
    );
    const own = stdout.split("\n").filter((line) => line.includes("shop/web") && line.includes("to-destination"));
    expect(own.map((line) => /to-destination ([\d.]+)/.exec(line)?.[1]).sort()).toEqual(
      pods.map(({ status }) => status.podIP).sort(),
    );
  });
});

it("the fixtures say nothing of braces where they mean it", () => {
  expect(readFileSync(`${fixtures}monitoring.yaml`, "utf8")).toContain("{{ $labels.pod }}");
});
