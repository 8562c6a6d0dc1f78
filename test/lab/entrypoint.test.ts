import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { makeToolFolder, whyNoKernel } from "./needs.ts";

const reason = whyNoKernel(["unshare", "xtables-legacy-multi", "xtables-nft-multi"]);

const entrypoint = new URL("../../scripts/container/entrypoint.sh", import.meta.url).pathname;
const workspace = mkdtempSync(join(tmpdir(), "portolan-entrypoint-"));
afterAll(() => rmSync(workspace, { recursive: true }));

const legacy = "xtables-legacy-multi";
const nft = "xtables-nft-multi";
const rule = "iptables -A INPUT -s 198.51.100.1 -j DROP";

/** What `portolan` is run with, and which back end it gets, in a network namespace with some rules. */
function runAfter(commands: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const script = [...commands, 'exec "$0" plan "a b"'].join("\n");
  const { status, stdout, stderr } = spawnSync("unshare", ["--net", "sh", "-ec", script, entrypoint], {
    encoding: "utf8",
    env: { ...process.env, PATH: `${workspace}/bin:${process.env.PATH}`, PORTOLAN_TOOLS: workspace, ...env },
  });
  return { status, stdout, stderr };
}

describe("the container's entry point takes the node's back end", skipFor(reason), () => {
  beforeAll(() => {
    for (const backend of ["legacy", "nft"] as const) makeToolFolder(join(workspace, backend), backend);
    mkdirSync(join(workspace, "bin"));
    const portolan = `#!/bin/sh
printf "%s|" "$@"
ip6tables-restore --version
echo "tables:" $(${legacy} iptables-save; ${nft} iptables-save)
`;
    writeFileSync(join(workspace, "bin", "portolan"), portolan, { mode: 0o755 });
  });

  test.each([
    { node: "the kubelet's hint, nft", commands: [`${nft} iptables -t mangle -N KUBE-IPTABLES-HINT`], chosen: nft },
    {
      node: "the kubelet's hint, legacy, and more rules in nft",
      commands: [`${legacy} iptables -t mangle -N KUBE-IPTABLES-HINT`, `${nft} ${rule}`, `${nft} ${rule}`],
      chosen: legacy,
    },
    {
      node: "the kubelet's canary, nft, and more rules in legacy",
      commands: [`${nft} iptables -t mangle -N KUBE-KUBELET-CANARY`, `${legacy} ${rule}`, `${legacy} ${rule}`],
      chosen: nft,
    },
    {
      node: "the kubelet's canary, legacy, IPv6 only",
      commands: [`${legacy} ip6tables -t mangle -N KUBE-KUBELET-CANARY`],
      chosen: legacy,
    },
    { node: "no kubelet, more rules in legacy", commands: [`${legacy} ${rule}`], chosen: legacy },
    { node: "no kubelet, as many rules in both", commands: [`${legacy} ${rule}`, `${nft} ${rule}`], chosen: nft },
    { node: "nothing at all", commands: [], chosen: nft },
  ])("$node: $chosen", ({ commands, chosen }) => {
    const kind = chosen === nft ? "nf_tables" : "legacy";
    expect(runAfter(commands)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(`^plan\\|a b\\|.*\\(${kind}\\)`),
    });
  });

  test("PORTOLAN_IPTABLES says otherwise", () => {
    const { stdout } = runAfter([`${nft} ${rule}`], { PORTOLAN_IPTABLES: "legacy" });
    expect(stdout).toContain("(legacy)");
    expect(runAfter([], { PORTOLAN_IPTABLES: "ebtables" })).toMatchObject({ status: 4, stdout: "" });
  });

  test("looking makes no table", () => {
    const { stdout } = runAfter([]);
    expect(stdout).toMatch(/tables:\n$/);
  });
});
