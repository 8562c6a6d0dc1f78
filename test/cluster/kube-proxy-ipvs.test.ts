import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clusterFolder, whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { compareWithKubeProxy } from "../../scripts/conformance/compare.mjs";
import { compile } from "../../src/index.ts";
import { skipFor } from "../harness/skip.ts";
import { makeToolFolder } from "../lab/needs.ts";
import { checkoutInside, inside, runInMachine, whyNoMachine } from "../lab/uml/start.ts";
import { transpileFolder } from "../lab/uml/transpile.ts";
import { changes } from "./proxied-changes.ts";
import { proxyConfiguration } from "./proxied-state.ts";

const asked =
  process.env.PORTOLAN_MACHINES === undefined ? "it takes minutes: npm run test:cluster runs it" : undefined;
const reason = whyNoCluster() ?? asked ?? whyNoMachine(["ipset", "ipvsadm", "ip", "sysctl", "xtables-legacy-multi"]);

/** Most of the changes, some at once: a machine is slow. */
const titles = changes.map(({ title }) => title);
const rounds = [titles.slice(0, 1), titles.slice(1, 6), [...titles.slice(6, 8), ...titles.slice(9, 10)]];

const folder = mkdtempSync(join(tmpdir(), "portolan-kube-proxy-ipvs-"));
const read = (name: string) => readFileSync(join(folder, "out", name), "utf8");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the real kube-proxy in ipvs mode", skipFor(reason), () => {
  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    makeToolFolder(join(folder, "tools"), "legacy");
    transpileFolder(new URL(".", import.meta.url).pathname, join(folder, "tests"));
    await runInMachine(folder, script(), { core: 1, seconds: 400, memory: "3G" });
  }, 420_000);

  test.each(rounds.map((round, index) => ({ index, title: round.join("; ") })))("$title", ({ index }) => {
    const { items } = JSON.parse(read(`${index}-state.json`));
    const proxyConfig = { ...proxyConfiguration, mode: "ipvs" };
    const { script: compiled } = compile(items, { node: "node1", proxyConfig });
    const decoder = new TextDecoder();
    const files = Object.fromEntries((compiled?.steps ?? []).map(({ file, stdin }) => [file, decoder.decode(stdin)]));
    expect(compareWithKubeProxy(foundFiles(index, files["sysctl.conf"] ?? ""), files)).toEqual([]);
    expect(read(`${index}-verify`)).toContain("Node node1: no drift.");
  });
});

/** What kube-proxy has made of the machine, in files as the oracle keeps them. */
function foundFiles(index: number, wantedSettings: string): Readonly<Record<string, string>> {
  const same = ["iptables.save", "ip6tables.save", "ipset.save", "ipvsadm.save"];
  const found = Object.fromEntries(same.map((name) => [name, read(`${index}-${name}`)]));
  const names = new Set(wantedSettings.split("\n").map((line) => line.split(" ")[0]));
  const settings = read(`${index}-sysctl.all`)
    .split("\n")
    .filter((line) => names.has(line.split(" ")[0]));
  const [link] = JSON.parse(read(`${index}-addresses.json`));
  const bound = link.addr_info.filter(({ scope }: { readonly scope: string }) => scope !== "link");
  const addresses = bound.map(({ local }: { readonly local: string }) => `${local}\n`).join("");
  return { ...found, addresses, "sysctl.conf": settings.sort().join("\n") };
}

function script(): string {
  const titlesOfRounds = rounds.map((round) => `'${round.join("|")}'`).join(" ");
  return `
modprobe -a ipv6 nf_conntrack
mkdir -p /tmp/programs && busybox mount -n -t hostfs -o "ro,${clusterFolder}" none /tmp/programs || exit 1
ip link set lo up
ip link add eth0 type dummy && ip link set eth0 up && ip addr add 192.0.2.1/24 dev eth0 || exit 1
ip addr add 2001:db8:2::1/64 dev eth0 nodad || exit 1
export PATH="${inside}/tools:$PATH" PORTOLAN_CLUSTER_FOLDER=/tmp/programs NO_COLOR=1
cd ${inside} || exit 1
${process.execPath} tests/ipvs-in-machine.js ${checkoutInside}/scripts/cluster ${checkoutInside}/dist/cli/portolan.js ${titlesOfRounds}
`;
}
