import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { PacketExplanation } from "../../../../src/explain/packet/packet-explanation.ts";
import { workspace } from "../../../harness/run-cli.ts";
import { asked, explain } from "./ask-packet.ts";

const golden = (path: string): string => readFileSync(new URL(`../../../../golden/${path}`, import.meta.url), "utf8");

/** Rules of kube-proxy 1.24 for one Service with a node port, as iptables-save prints them. */
const frame = `:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
`;
const chains = `:KUBE-MARK-MASQ - [0:0]
:KUBE-MARK-DROP - [0:0]
:KUBE-NODEPORTS - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-SEP-GGGGGGGGGGGGGGGG - [0:0]
:KUBE-SERVICES - [0:0]
:KUBE-SVC-HHHHHHHHHHHHHHHH - [0:0]
:KUBE-XLB-HHHHHHHHHHHHHHHH - [0:0]
`;
const jumps = `-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
`;
const named = `-A KUBE-NODEPORTS -p tcp -m comment --comment "store/front" -m tcp --dport 31300 -j KUBE-SVC-HHHHHHHHHHHHHHHH
-A KUBE-NODEPORTS -p tcp -m comment --comment "store/back" -m tcp --dport 31301 -j KUBE-XLB-HHHHHHHHHHHHHHHH
-A KUBE-SEP-GGGGGGGGGGGGGGGG -s 10.60.1.44/32 -m comment --comment "store/front" -j KUBE-MARK-MASQ
-A KUBE-SEP-GGGGGGGGGGGGGGGG -p tcp -m comment --comment "store/front" -m tcp -j DNAT --to-destination 10.60.1.44:8080
-A KUBE-SERVICES -d 10.90.4.4/32 -p tcp -m comment --comment "store/front cluster IP" -m tcp --dport 80 -j KUBE-SVC-HHHHHHHHHHHHHHHH
-A KUBE-SERVICES -d 203.0.113.80/32 -p tcp -m comment --comment "store/front loadbalancer IP" -m tcp --dport 80 -j KUBE-SVC-HHHHHHHHHHHHHHHH
-A KUBE-SVC-HHHHHHHHHHHHHHHH ! -s 10.60.0.0/16 -d 10.90.4.4/32 -p tcp -m comment --comment "store/front cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
-A KUBE-SVC-HHHHHHHHHHHHHHHH -m comment --comment "store/front -> 10.60.1.44:8080" -j KUBE-SEP-GGGGGGGGGGGGGGGG
-A KUBE-XLB-HHHHHHHHHHHHHHHH -m comment --comment "store/back has no local endpoints" -j KUBE-MARK-DROP
`;
const shared = `-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -j MASQUERADE
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
`;
const filter = (rules: string): string =>
  `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rules}COMMIT\n`;
const ipvs = golden("affinity-clientip/ipvs/iptables.restore") + golden("affinity-clientip/ipvs/iptables.jumps");
const folder = workspace({
  "whole.save": `*nat\n${frame}${chains}${jumps}${named}${shared}COMMIT\n${filter("")}`,
  "guarded.save": `*nat\n${frame}${chains}${jumps}${named}${shared}COMMIT\n${filter("-A INPUT -p tcp -m tcp --dport 22 -j DROP\n")}`,
  "unled.save": `*nat\n${frame}${chains}${named}${shared}COMMIT\n${filter("")}`,
  "snippet.save": `*nat\n${named}${shared}COMMIT\n`,
  "found.save": `*nat\n${named}COMMIT\n`,
  "rules.save": ipvs,
  "servers.save": golden("affinity-clientip/ipvs/ipvs.restore"),
});

const ask = (dump: string, from: string, to: string, ...more: readonly string[]): Promise<PacketExplanation> =>
  explain([...asked(from, to), "--actual", join(folder, dump), ...more]);

const endsOf = ({ outcomes }: PacketExplanation): readonly string[] =>
  outcomes.map(({ verdict, destination, assuming }) =>
    [destination ?? verdict, ...assuming.map(({ what, holds }) => `${holds ? "" : "not "}${what}`)].join(" if "),
  );

describe("where the addresses of the node are unknown", () => {
  it("an address that only a node port answers is taken for the node's, and that is said", async () => {
    const found = await ask("whole.save", "internet", "192.168.40.11:31300");
    expect(endsOf(found)).toEqual(["10.60.1.44:8080"]);
    expect(found.assumptions.join()).toContain(
      "192.168.40.11 is assumed to be an address of this node: rule 1 of KUBE-NODEPORTS handles such packets",
    );
  });

  it.each([
    ["a cluster IP", "10.90.4.4:80", ["10.60.1.44:8080"]],
    ["a port that nothing handles", "192.168.40.11:25", ["untouched"]],
  ])("%s is no address of the node", async (_, to, ends) => {
    const found = await ask("whole.save", "internet", to);
    expect(endsOf(found)).toEqual(ends);
    expect(found.assumptions.join()).not.toContain("is assumed to be an address");
  });

  it("where it makes a difference, both answers are given", async () => {
    expect(endsOf(await ask("guarded.save", "internet", "192.168.40.11:22"))).toEqual([
      "dropped if 192.168.40.11 is an address of this node",
      "untouched if not 192.168.40.11 is an address of this node",
    ]);
    expect(
      endsOf(await ask("guarded.save", "internet", "192.168.40.11:22", "--node-address", "192.168.40.11")),
    ).toEqual(["dropped"]);
  });

  it("a documentation address stands for the node itself", async () => {
    const own = await ask("whole.save", "node", "localhost:31300");
    expect(endsOf(own)).toEqual(["10.60.1.44:8080"]);
    const { packet, assumptions } = await ask("whole.save", "node", "10.90.4.4:80");
    expect(packet).toMatchObject({ from: "192.0.2.254", entry: "node" });
    expect(assumptions.join()).toContain("192.0.2.254 is used as an example");
  });
});

describe("Services that only comments name", () => {
  it("are asked for at each way in", async () => {
    const { packet, otherWays = [] } = await ask("whole.save", "internet", "svc/store/front");
    expect([packet, ...otherWays.map((way) => way.packet)].map(({ to, way }) => `${way} ${to}`)).toEqual([
      "load balancer IP 203.0.113.80:80",
      "node port 192.0.2.254:31300",
    ]);
  });

  it("have names", async () => {
    const { packet } = await ask("whole.save", "10.60.2.3", "http://front.store/");
    expect(packet).toMatchObject({ to: "10.90.4.4:80", service: "store/front" });
  });
});

describe("a part of a rule set", () => {
  it.each(["snippet.save", "found.save"])("%s: what leads into it is assumed, and that is said", async (dump) => {
    const found = await ask(dump, "internet", "192.168.40.11:31300", "--node-address", "192.168.40.11");
    expect(endsOf(found)).toEqual(["10.60.1.44:8080"]);
    expect(found.assumptions.join()).toMatch(/nothing in the text leads from PREROUTING to KUBE-SERVICES/);
    const [first] = found.outcomes;
    expect(first?.hops.find(({ chain }) => chain === "PREROUTING")).toMatchObject({ file: "(assumed)" });
  });

  it("packets marked for dropping are dropped by the kubelet's chain", async () => {
    const found = await ask("snippet.save", "internet", "192.168.40.11:31301", "--node-address", "192.168.40.11");
    expect(endsOf(found)).toEqual(["dropped"]);
    expect(found.assumptions.join()).toContain("the text does not contain KUBE-FIREWALL: the usual rules are assumed");
  });

  it("masquerades as the missing chains would", async () => {
    const { outcomes } = await ask("found.save", "10.61.2.3", "10.90.4.4:80");
    expect(outcomes).toMatchObject([{ destination: "10.60.1.44:8080", masquerade: true }]);
  });

  it("in a whole text nothing is assumed: a missing jump is named", async () => {
    const { outcomes, notes, assumptions } = await ask("unled.save", "internet", "10.90.4.4:80");
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(["untouched"]);
    expect(notes?.join()).toContain(
      "nothing leads from PREROUTING of table nat to KUBE-SERVICES or KUBE-NODEPORTS here",
    );
    expect(assumptions.join()).not.toContain("nothing in the text leads");
  });
});

describe("the rules of ipvs mode without its virtual servers", () => {
  it.each([
    ["203.0.113.9", "10.96.0.50:80"],
    ["node", "10.96.0.50:80"],
    ["internet", "192.0.2.10:30080"],
  ])("from %s to %s: unknown, with what to pass", async (from, to) => {
    const { outcomes, notes } = await ask("rules.save", from, to);
    expect(outcomes).toMatchObject([
      { verdict: "unknown", because: "the virtual servers of this node are missing", share: 1, assuming: [] },
    ]);
    expect(notes?.join()).toContain("pass the output of ipvsadm -Sn as well, or that of portolan collect");
  });

  it("other ports of the node are no virtual servers", async () => {
    const { outcomes } = await ask("rules.save", "internet", "192.0.2.10:22", "--node-address", "192.0.2.10");
    expect(outcomes.map(({ verdict }) => verdict)).toContain("untouched");
  });
});
