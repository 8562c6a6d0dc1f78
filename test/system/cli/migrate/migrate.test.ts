import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runCli, workspace } from "../../../harness/run-cli.ts";

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
    ["a format that is none", ["-f", "a.yaml", "-o", "html"], 2, "text, markdown, json, patch"],
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
