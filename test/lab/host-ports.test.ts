import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { caseFolder, goldenCases, modesOf } from "../harness/golden-cases.ts";
import { skipFor } from "../harness/skip.ts";
import { type Backend, makeToolFolder, whyNoKernel } from "./needs.ts";
import { cliPath } from "./test-node.ts";

const reason = whyNoKernel(["nft", "unshare", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);
// IPVS is not in every kernel: in that mode portmap's rules are the same text.
const cases = goldenCases()
  .filter((name) => name.startsWith("host-port-") && !name.endsWith("-invalid"))
  .map((name) => [name, modesOf(name).includes("iptables") ? "iptables" : "nftables"] as const);

/** Runs apply.sh twice, and prints what the kernel has after each time. */
const applyTwice = `set -e
ip link add cni0 type veth peer name pod0
ip link set lo up
shown() { iptables-save -t nat | grep -v '^#'; nft -s list tables | grep cni_ || :; sysctl -n net.ipv4.conf.cni0.route_localnet; }
sh "$1/apply.sh"; shown; echo ===; sh "$1/apply.sh"; shown
echo ===; nft -s list table ip cni_hostport 2>/dev/null || :`;

describe.each<Backend>(["legacy", "nft"])("apply.sh with host ports, iptables-%s", skipFor(reason), (backend) => {
  const workspace = mkdtempSync(join(tmpdir(), "portolan-host-ports-"));
  const tools = reason === undefined ? makeToolFolder(join(workspace, "tools"), backend) : "";
  afterAll(() => rmSync(workspace, { recursive: true, force: true }));

  test("there are cases", () => expect(cases.length).toBeGreaterThan(4));

  test.each(cases)("%s, in %s mode: a second time changes nothing, and kube-proxy comes first", (name, mode) => {
    const out = join(workspace, name);
    mkdirSync(out);
    const flags = ["-f", join(caseFolder(name), "cluster.yaml"), "--node", "node1", "--mode", mode, "--host-ports"];
    const compiled = spawnSync(process.execPath, [cliPath, "compile", ...flags, "--out-dir", out], {
      encoding: "utf8",
    });
    expect(compiled).toMatchObject({ status: 0 });
    const run = spawnSync("unshare", ["-n", "-m", "sh", "-c", applyTwice, "sh", out], {
      encoding: "utf8",
      env: { ...process.env, PATH: `${tools}:${process.env.PATH}` },
    });
    expect(run.stderr).toBe("");
    const [once = "", twice, table = ""] = run.stdout.split("===\n");
    // sysctl tells what it sets.
    expect(twice).toBe(once);
    expect(once.trimEnd().endsWith("\n1")).toBe(true);
    if (mode === "nftables") {
      expect(table.match(/^\t\ttype nat hook \w+/gm)).toHaveLength(3);
      return;
    }
    const targets = (chain: string) =>
      [...once.matchAll(new RegExp(`^-A ${chain} .*-j (\\S+)`, "gm"))].map(([, to]) => to);
    expect(targets("PREROUTING")).toEqual(["KUBE-SERVICES", "CNI-HOSTPORT-DNAT"]);
    expect(targets("OUTPUT")).toEqual(["KUBE-SERVICES", "CNI-HOSTPORT-DNAT"]);
    expect(targets("POSTROUTING")).toEqual(["CNI-HOSTPORT-MASQ", "KUBE-POSTROUTING"]);
  });
});
