import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { schemas } from "../../../../src/report/schemas.ts";
import { fakeApi, kubeconfig } from "../../../harness/fake-api.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { stored } from "../../../harness/stored-objects.ts";

const folder = new URL(".", import.meta.url).pathname;

const clusters = ["iptables", "ipvs", "dual-stack"] as const;
const formats = { text: "report.txt", markdown: "report.md", json: "report.json", patch: "patch.yaml" } as const;

/** Runs in the folder of a cluster, so that the report names no path of this machine. */
function migrate(cluster: string, ...args: readonly string[]) {
  return runCli(["migrate", "-f", "cluster.yaml", ...args], { cwd: `${folder}${cluster}` });
}

describe.each(clusters)("migrate, a cluster like %s", (cluster) => {
  it.each(Object.entries(formats))("prints %s as in %s", async (format, file) => {
    const { stdout, stderr, code } = await migrate(cluster, "-o", format);
    expect({ stderr, code }).toEqual({ stderr: "", code: cluster === "dual-stack" ? 0 : 1 });
    await expect(stdout).toMatchFileSnapshot(`${cluster}/${file}`);
  });
});

describe("migrate prints", () => {
  it.each(clusters)("at most 80 columns where a line can be broken: %s", async (cluster) => {
    const { stdout } = await migrate(cluster);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  it("what loses access before everything else", async () => {
    const { stdout } = await migrate("ipvs");
    const [headline = "", ...lines] = stdout.split("\n").slice(1);
    expect(headline).toMatch(/^2 Services lose access for some clients/);
    expect(lines.slice(0, 8)).toContain("ACCESS LOST");
  });

  it("a patch that leaves nothing to be solved by the configuration", async () => {
    const { stdout } = await migrate("ipvs", "-o", "patch");
    const config = stdout
      .split("\n")
      .filter((line) => line.startsWith("    "))
      .map((line) => line.slice(4));
    const cwd = workspace({
      "cluster.yaml": readFileSync(`${folder}ipvs/cluster.yaml`),
      "config.yaml": config.join("\n").replace("mode: nftables", "mode: ipvs"),
    });
    const args = ["migrate", "-f", "cluster.yaml", "--proxy-config", "config.yaml", "-o", "json"];
    const { stdout: report } = await runCli(args, { cwd });
    const { findings } = JSON.parse(report) as { findings: { code: string }[] };
    expect(findings.map(({ code }) => code)).not.toContain("migrate-node-ports-primary-address");
  });
});

describe("migrate --live", () => {
  it("finds in a running cluster what it finds in its manifests, workloads apart, which it does not list", async () => {
    const manifests = readFileSync(`${folder}ipvs/cluster.yaml`, "utf8");
    const api = await fakeApi(stored(manifests));
    const cwd = workspace({ config: kubeconfig({ server: api.url }) });
    const live = await runCli(["migrate", "--live", "--kubeconfig", "config", "-o", "json"], { cwd });
    const fromFiles = await migrate("ipvs", "-o", "json");
    expect({ code: live.code, stderr: live.stderr }).toEqual({ code: fromFiles.code, stderr: "" });
    interface Finding {
      readonly source: unknown;
      readonly details: readonly string[];
    }
    const findingsIn = (text: string) =>
      (JSON.parse(text) as { findings: readonly Finding[] }).findings.map(({ source: _, details, ...rest }) => ({
        ...rest,
        details: details.filter((line) => !line.startsWith("DaemonSet ")),
      }));
    expect(findingsIn(live.stdout)).toEqual(findingsIn(fromFiles.stdout));
  });
});

describe("migrate -o json", () => {
  it.each(clusters)("follows its schema: %s", async (cluster) => {
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schemas.migrate?.schema ?? {});
    for (const args of [[], ["-n", "shop"]]) {
      const { stdout } = await migrate(cluster, "-o", "json", ...args);
      validate(JSON.parse(stdout));
      expect(validate.errors).toBeNull();
    }
  });
});

describe("migrate -o html", () => {
  it("says of each finding what it concerns, why, and which packet shows it", async () => {
    const { stdout } = await migrate("ipvs", "-o", "html");
    expect(stdout).toContain('<h2 id="access-lost" tabindex="-1">Access lost</h2>');
    expect(stdout).toContain("<dt>Services</dt><dd><code>shop/web:http</code></dd>");
    expect(stdout).toContain("<code>tcp 198.51.100.7 → 203.0.113.36:80</code>");
    expect(stdout).toContain("<dt>now</dt><dd><code>dropped</code></dd>");
    expect(stdout).toContain("With externalTrafficPolicy or internalTrafficPolicy Local");
    expect(stdout).toContain("nodePortAddresses: [&#34;0.0.0.0/0&#34;]");
  });

  it("has links only to what is there, and nothing active", async () => {
    const { stdout } = await migrate("iptables", "-o", "html");
    const ids = [...stdout.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    for (const [, target] of stdout.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
    expect(stdout).not.toMatch(/ style=|<script|<link|<img|url\(|@import|https?:/);
  });
});

interface Report {
  readonly findings: readonly { readonly code: string; readonly services: readonly string[] }[];
  readonly notShown: object | null;
  readonly configuration: readonly object[];
}

describe("migrate narrowed", () => {
  const read = async (...args: readonly string[]) => {
    const { stdout, code } = await migrate("iptables", "-o", "json", ...args);
    return { code, ...(JSON.parse(stdout) as Report) };
  };

  it.each([
    ["to a namespace", ["-n", "registry"]],
    ["to a Service", ["--service", "registry/images"]],
  ])("%s shows its Services alone, and the configuration for all", async (_, filter) => {
    const [all, some] = [await read(), await read(...filter)];
    expect(new Set(some.findings.flatMap(({ services }) => services))).toEqual(new Set(["registry/images"]));
    expect(some.configuration).toEqual(all.configuration);
    expect(some.notShown).toMatchObject({ filter: filter.join(" "), services: 3 });
    expect(all.notShown).toBeNull();
    expect(some.findings.map(({ code }) => code)).toContain("migrate-kernel-too-old");
  });

  it("shows between them what is shown of all", async () => {
    const portsOf = ({ findings }: Report) =>
      findings.flatMap(({ code, services }) => services.map((service) => `${code} ${service}`));
    const parts = [await read("-n", "registry"), await read("-n", "shop")];
    expect(new Set(parts.flatMap(portsOf))).toEqual(new Set(portsOf(await read())));
  });

  it("decides about the exit code by what is shown", async () => {
    const { stdout, code } = await migrate("ipvs", "--service", "kube-system/dns");
    expect({ code, says: /not shown \(--service kube-system\/dns\)/.test(stdout) }).toEqual({ code: 0, says: true });
    expect((await migrate("ipvs", "-n", "nowhere")).code).toBe(3);
  });
});

const firewall = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:VPN - [0:0]
-A PREROUTING -j VPN
-A VPN -s 172.16.0.0/12 -j KUBE-MARK-MASQ
COMMIT
`;

describe("migrate --actual", () => {
  it("finds firewalls and rules that depend on kube-proxy's chains", async () => {
    const cwd = workspace({ "cluster.yaml": readFileSync(`${folder}iptables/cluster.yaml`) });
    await runCli(["compile", "-f", "cluster.yaml", "--node", "node1", "--out-dir", "out"], { cwd });
    const text = (name: string) => readFileSync(`${cwd}/out/${name}`, "utf8");
    const dump = text("iptables.restore") + text("iptables.jumps") + firewall;
    const args = ["migrate", "-f", "cluster.yaml", "--node", "node1", "--actual", "-", "-o", "json"];
    const { stdout, code } = await runCli(args, { cwd, stdin: dump });
    const { findings } = JSON.parse(stdout) as { findings: { code: string; level: string; details: string[] }[] };
    const found = (code: string) => findings.find((finding) => finding.code === code);
    expect(code).toBe(1);
    expect(found("migrate-host-firewall")).toMatchObject({
      level: "access-lost",
      details: ["policy DROP of filter FORWARD"],
    });
    expect(found("migrate-foreign-hooks")?.details).toEqual(["-A VPN -s 172.16.0.0/12 -j KUBE-MARK-MASQ"]);
    expect(findings.map((finding) => finding.code)).not.toContain("migrate-other-traffic");
  });
});

describe("migrate, used wrongly", () => {
  it.each([
    ["without input", [], 2, "no input: pass -f FILE or --live"],
    ["a mode that is not offered", ["-f", "a.yaml", "--to-mode", "ipvs"], 2, "nftables"],
    ["a format that is none", ["-f", "a.yaml", "-o", "brief"], 2, "text, markdown, html, json, patch"],
    ["a file that does not exist", ["-f", "a.yaml"], 3, "a.yaml"],
    ["a node that does not exist", ["-f", "cluster.yaml", "--node", "node9"], 3, "node9"],
    ["a dump of another node", ["-f", "cluster.yaml", "--node", "node1", "--actual", "other.txt"], 3, "node2"],
  ])("%s", async (_, args, code, says) => {
    const cluster = readFileSync(`${folder}ipvs/cluster.yaml`);
    const cwd = workspace({
      "cluster.yaml": cluster,
      "other.txt": `==> node2/iptables.restore <==\n${firewall}`,
    });
    const result = await runCli(["migrate", ...args], { cwd });
    expect(result.stderr).toContain(says);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: "" });
  });

  it("a cluster in nftables mode has nothing to leave", async () => {
    const { stdout, code } = await migrate("dual-stack", "--mode", "nftables");
    expect({ code, says: stdout.includes("nothing changes") }).toEqual({ code: 0, says: true });
  });
});
