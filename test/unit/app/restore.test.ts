import { describe, expect, it } from "vitest";
import { collectedDocument, printDocument } from "../../../src/reconcile/live/collected-document.ts";
import { applyFile } from "../../harness/saved-plan.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";
import { far, type Mode, near, type StateShape, stateObjects } from "../../harness/transition-states.ts";

const before: StateShape = {
  web: { type: "LoadBalancer", endpoints: [near], affinity: true, ranges: ["198.51.100.0/24"] },
};
const after: StateShape = { api: { endpoints: [far] } };

async function hostWith(shape: StateShape, mode: Mode, host = new SimulatedHost()): Promise<SimulatedHost> {
  expect(await applyFile(host, { objects: stateObjects(shape, { mode }) })).toMatchObject({ code: 0 });
  return host;
}

const backupOf = (host: SimulatedHost): string => printDocument(collectedDocument(host.dump()));
const linesOf = (text: string): readonly string[] => text.split("\n").sort();

const stateOf = (host: SimulatedHost): string => host.save("ipv4") + host.nftables.list();

it.each<Mode>(["iptables", "ipvs", "nftables"])("a backup of %s mode is restored", async (mode) => {
  const host = await hostWith(before, mode);
  const [backup, saved] = [backupOf(host), stateOf(host)];
  await hostWith(after, mode, host);
  expect(stateOf(host)).not.toBe(saved);
  expect(await applyFile(host, { restore: backup })).toMatchObject({ code: 0 });
  expect(linesOf(stateOf(host))).toEqual(linesOf(saved));
});

const behind = (sign: string, line: string) => (text: string) => text.replace(sign, `${sign}${line}\n`);
const inRules = (line: string) => (text: string) => text.replace("\n-A KUBE-SERVICES", `\n${line}\n-A KUBE-SERVICES`);
const inChain = (line: string) => behind("\tchain services {\n", `\t\t${line}`);
const attacks: readonly (readonly [string, Mode, (backup: string) => string])[] = [
  ["an option that loads a program", "iptables", inRules("-A KUBE-SERVICES --modprobe=/tmp/evil -m x -j ACCEPT")],
  ["the same in a jump", "iptables", (text) => text.replace(/^-A INPUT (.*)$/m, "-A INPUT --modprobe=/tmp/evil $1")],
  ["the same after a target", "iptables", inRules("-A KUBE-SERVICES -j KUBE-MARK-MASQ --modprobe=/tmp/evil")],
  ["a target that is not kube-proxy's", "iptables", inRules("-A KUBE-SERVICES -j LOG")],
  ["a jump to a foreign chain", "iptables", inRules("-A KUBE-SERVICES -j DOCKER")],
  [
    "a match that is not understood",
    "iptables",
    inRules("-A KUBE-SERVICES -m bpf --object-pinned /tmp/evil -j ACCEPT"),
  ],
  ["a rule for another table", "iptables", inRules("-A KUBE-SERVICES -t raw -j ACCEPT")],
  [
    "chains in another table",
    "iptables",
    (text) => text.replace("*filter\n", "*raw\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -j ACCEPT\nCOMMIT\n*filter\n"),
  ],
  ["a set of another type", "ipvs", (text) => text.replace("bitmap:port range", "list:set range")],
  [
    "an entry that is an option",
    "ipvs",
    (text) => text.replace(/^add KUBE-CLUSTER-IP \S+$/m, "add KUBE-CLUSTER-IP -file"),
  ],
  ["options of a virtual server", "ipvs", (text) => text.replace(/^(-A -t .*)$/m, "$1 --pe sip")],
  ["a scheduler that is an option", "ipvs", (text) => text.replace(/ -s rr/, " -s --clear")],
  ["options of a real server", "ipvs", (text) => text.replace(/^(-a -t .*)$/m, "$1 -C")],
  [
    "another sysctl by way of ours",
    "ipvs",
    behind("net.ipv4.vs.conntrack = 1\n", "net.ipv4.vs.//.//.//.kernel.core_pattern = |/tmp/evil"),
  ],
  ["a statement that reads a file", "nftables", inChain('include "/tmp/evil"')],
  ["the same behind a rule", "nftables", inChain('ip daddr 10.0.0.1 drop; include "/tmp/evil"')],
  ["the same behind an answer", "nftables", inChain("reject with icmp $evil")],
  ["a statement that kube-proxy does not use", "nftables", inChain("queue num 1")],
  ["a name that is none", "nftables", inChain("jump $evil")],
  ["an element that leads elsewhere", "nftables", (text) => text.replace(/ : goto \S+(?=,\n)/, " : goto $evil")],
  ["a set of another kind", "nftables", behind("\tset cluster-ips {\n", "\t\tgc-interval 1s")],
  ["a table that sleeps", "nftables", behind("table ip kube-proxy {\n", "\tflags dormant")],
  [
    "a value that is no number",
    "ipvs",
    (text) => text.replace("net.ipv4.vs.conntrack = 1", "net.ipv4.vs.conntrack = 1 2"),
  ],
];

describe("a backup that was edited restores nothing:", () => {
  it.each(attacks)("%s", async (_, mode, edit) => {
    const host = await hostWith(before, mode);
    const backup = edit(backupOf(host));
    expect(backup).not.toBe(backupOf(host));
    await hostWith(after, mode, host);
    const refused = await applyFile(host, { restore: backup });
    expect(refused).toMatchObject({ code: 3, ran: [], said: expect.stringMatching(/backup\.txt(?::\d+)?/) });
  });

  it("the line is named", async () => {
    const host = await hostWith(before, "iptables");
    const restore = inRules("-A KUBE-SERVICES -j LOG")(backupOf(host));
    const line = restore.split("\n").indexOf("-A KUBE-SERVICES -j LOG") + 1;
    const { said } = await applyFile(host, { restore });
    expect(said).toBe(
      `error[backup-object-refused]: cannot restore backup.txt:${line}: it leads to LOG, which is not a chain of kube-proxy: -A KUBE-SERVICES -j LOG\n`,
    );
  });

  it.each([
    ["nothing", ""],
    ["JSON", "{}\n"],
    ["rules alone", "*nat\nCOMMIT\n"],
  ])("%s", async (_, restore) => {
    expect(await applyFile(await hostWith(before, "iptables"), { restore })).toMatchObject({ code: 3, ran: [] });
  });
});
