import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PacketExplanation } from "../../../../src/explain/packet/packet-explanation.ts";
import { workspace } from "../../../harness/run-cli.ts";
import { explainInProcess } from "../../../harness/run-in-process.ts";
import { foreignSave, packetState } from "./packet-states.ts";

const golden = new URL("../../../../golden/affinity-clientip/iptables/", import.meta.url).pathname;
const compiled = ["iptables.restore", "iptables.jumps"]
  .map((file) => readFileSync(join(golden, file), "utf8"))
  .join("");

const collected = (rules: string): string =>
  [
    "==> portolan collect v1alpha1 <==",
    "==> uname -n <==",
    "node7",
    "==> ip -j addr <==",
    JSON.stringify([{ ifname: "eth0", addr_info: [{ local: "192.0.2.77", scope: "global" }] }]),
    "==> iptables --version <==",
    "iptables v1.8.9 (nf_tables)",
    "==> iptables-save <==",
    rules.trimEnd(),
    "==> ip6tables --version <==",
    "#! not installed",
    "==> ip6tables-save <==",
    "#! not installed",
    "==> ipset save <==",
    "==> ipvsadm -Sn <==",
    "#! no /proc/net/ip_vs",
    "==> ipvsadm -L --timeout <==",
    "#! no /proc/net/ip_vs",
    "==> sysctl -e net.ipv4.conf.all.arp_announce net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.route_localnet net.ipv4.ip_forward net.ipv4.vs.conntrack net.ipv4.vs.expire_nodest_conn net.ipv4.vs.expire_quiescent_template <==",
    "net.ipv4.ip_forward = 1",
    "==> nfacct list <==",
    "#! not installed",
    "==> conntrack -L -p udp -f ipv4 <==",
    "#! not installed",
    "==> conntrack -L -p udp -f ipv6 <==",
    "#! not installed",
    "==> end <==",
    "",
  ].join("\n");

const folder = workspace({
  "node1.save": compiled,
  "foreign.save": foreignSave,
  "cut.save": compiled.slice(0, compiled.lastIndexOf("COMMIT")),
  "broken.save": compiled.replace("\n-A KUBE-MARK-MASQ", "\n-B KUBE-MARK-MASQ"),
  "node7.txt": collected(compiled),
  "state.yaml": packetState,
});

const ask = (dump: string, ...more: readonly string[]): ReturnType<typeof explainInProcess> =>
  explainInProcess(["--from", "203.0.113.9", "--to", "10.96.0.50:80", "--actual", join(folder, dump), ...more]);

async function explain(dump: string, ...more: readonly string[]): Promise<PacketExplanation> {
  const { stdout, stderr, code } = await ask(dump, ...more, "-o", "json");
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

describe("explain packet --actual", () => {
  it("asks what iptables-save printed, and says whose addresses it took", async () => {
    const { node, mode, outcomes, assumptions } = await explain("node1.save", "--node", "node1");
    expect({ node, mode }).toEqual({ node: "node1", mode: "iptables" });
    expect(outcomes.map(({ destination }) => destination)).toEqual(["10.0.1.5:8080", "10.0.2.6:8080", "10.0.3.7:8080"]);
    expect(outcomes[0]?.hops[1]).toMatchObject({ origin: "comment: default/cart cluster IP", rule: 1 });
    expect(assumptions.join()).toContain("addresses of this node are unknown");
  });

  it("--node-address tells them, else the Node of -f", async () => {
    const told = await explain("node1.save", "--node-address", "192.0.2.10", "--node-address", "2001:db8::10");
    expect(told.assumptions).toEqual([]);
    const named = await explain("node1.save", "-f", join(folder, "state.yaml"), "--node", "node1");
    expect(named.assumptions.join()).toContain("the addresses of its Node are used, 192.0.2.10, 2001:db8::10");
  });

  it("a collected document tells its name and addresses", async () => {
    const { node, assumptions } = await explain("node7.txt");
    expect({ node, assumptions }).toEqual({ node: "node7", assumptions: [] });
    const { stdout } = await ask("node7.txt", "--entry", "outside");
    expect(stdout.replace(/\s+/g, " ")).toContain("on node7, iptables mode");
  });

  it("with -f, names and causes are those of the state", async () => {
    const { stdout, code } = await explainInProcess([
      ...["--from", "pod/tools/shell", "--to", "svc/shop/web", "--actual", join(folder, "foreign.save")],
      ...["-f", join(folder, "state.yaml"), "--node", "node1", "--interface", "eth0", "-o", "json"],
    ]);
    expect(code).toBe(0);
    const { packet, outcomes }: PacketExplanation = JSON.parse(stdout);
    expect(packet).toMatchObject({ from: "10.0.1.77", entry: "pod", service: "shop/web:http" });
    expect(outcomes.map(({ pod }) => pod)).toContain("shop/web-a");
    const known = outcomes[0]?.hops.find(({ chain }) => chain === "PREROUTING");
    expect(known).toMatchObject({ object: "kube-proxy", origin: "always present" });
  });

  it.each([
    ["cut.save", /cut\.save:\d+: this table has no COMMIT: the text is truncated/],
    ["broken.save", /broken\.save:\d+: not a rule/],
    ["state.yaml", /state\.yaml: no line of it is one that a tool prints: pass output of portolan collect/],
    ["nowhere.save", /nowhere\.save/],
  ])("%s: exit 3, the line, nothing on stdout", async (dump, message) => {
    const { code, stdout, stderr } = await ask(dump);
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(message);
  });

  it("--node-address without it is usage", async () => {
    const flags = ["--from", "node", "--to", "10.96.0.50:80", "-f", join(folder, "state.yaml")];
    expect((await explainInProcess([...flags, "--node-address", "192.0.2.1"])).code).toBe(2);
  });

  it("a family that the dump has no rules of is told", async () => {
    const args = ["--from", "2001:db8::7", "--to", "[fd00::1]:80", "--actual", join(folder, "node1.save")];
    const { stdout } = await explainInProcess([...args, "-o", "json"]);
    const { outcomes, assumptions }: PacketExplanation = JSON.parse(stdout);
    expect(outcomes).toMatchObject([{ verdict: "untouched" }]);
    expect(assumptions.join()).toContain("there are no rules of IPv6 here");
  });
});

describe("rules of others", () => {
  const foreign = ["--from", "203.0.113.9", "--to", "10.96.0.20:80", "--actual", join(folder, "foreign.save")];

  it("what nobody can tell divides the result, and is never passed over", async () => {
    const { stdout } = await explainInProcess([...foreign, "-o", "json"]);
    const { outcomes }: PacketExplanation = JSON.parse(stdout);
    // -i cali+ and -m time change nothing and are asked no more.
    const asked = new Set(outcomes.flatMap(({ assuming }) => assuming.map(({ what }) => what.replace(/,.*/, ""))));
    expect([...asked]).toEqual(["-m bpf --object-pinned /sys/fs/bpf/x"]);
    const sum = (holds: boolean): number =>
      outcomes.filter(({ assuming }) => assuming[0]?.holds === holds).reduce((all, { share }) => all + share, 0);
    expect([sum(true), sum(false)]).toEqual([1, 1]);
  });

  it("as text, each result is told once, with what it depends on", async () => {
    const { stdout } = await explainInProcess(foreign);
    const text = stdout.replace(/\s+/g, " ");
    expect(stdout.match(/^Result$/gm)).toHaveLength(2);
    expect(text).toContain(
      "all delivered to one of 2 endpoints (10.0.1.5:8080, 10.0.2.6:8080); client IP is preserved if -m bpf",
    );
    expect(text).toContain("all dropped silently if -m bpf --object-pinned /sys/fs/bpf/x does not match");
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("an expectation is not met by what is not sure", async () => {
    const { code, stderr } = await explainInProcess([...foreign, "--expect", "delivered"]);
    expect(code).toBe(1);
    expect(stderr).toContain("(uncertain)");
  });
});
