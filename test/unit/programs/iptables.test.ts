import { describe, expect, it } from "vitest";
import { textsOf } from "../../../src/ir/lines.ts";
import type { FamilySettings, ServicePortPlan } from "../../../src/plan/forwarding/forwarding-plan.ts";
import { endpointChain, servicePortChains } from "../../../src/programs/kube-proxy/chain-names.ts";
import {
  forwardRules,
  kubeletFirewallRules,
  nodePortDispatchRules,
} from "../../../src/programs/kube-proxy/iptables/base.ts";
import { lowerServicePort } from "../../../src/programs/kube-proxy/iptables/lower-service-port.ts";
import { iptablesFragments, kubeProxyIptables } from "../../../src/programs/kube-proxy/iptables/program.ts";
import { createSections, type SectionName } from "../../../src/programs/kube-proxy/iptables/sections.ts";
import { cidr, here, place, plainTraits, servicePort, settings, there, vip } from "../plan/plans.ts";

const own = servicePortChains("shop/web:http", "tcp");
const sep = (target: string): string => endpointChain("shop/web:httptcp", target);

function lower(
  plan: ServicePortPlan,
  given: FamilySettings = settings(),
): Readonly<Record<SectionName, readonly string[]>> {
  const sections = createSections({ origins: false });
  lowerServicePort(plan, given, sections);
  return Object.fromEntries(Object.entries(sections.lines).map(([name, lines]) => [name, textsOf(lines)])) as Readonly<
    Record<SectionName, readonly string[]>
  >;
}

const external = {
  externalIps: [],
  loadBalancerIps: [vip("198.51.100.1")],
  nodePort: 30080,
  route: { kind: "balance", over: "cluster" },
  preservesClientIp: false,
  shortCircuitsLocal: false,
  sourceRanges: undefined,
} as const;

describe("the cluster IP", () => {
  it("leads to the chain of the list that the route balances over", () => {
    const over = (list: "cluster" | "local") =>
      lower(
        servicePort({
          internal: { kind: "balance", over: list },
          endpoints: { all: [here], cluster: [here], local: [here] },
        }),
      );
    expect(over("cluster")["nat services"]).toEqual([
      `-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j ${own.cluster}`,
    ]);
    expect(over("local")["nat services"][0]).toMatch(new RegExp(`-j ${own.local}$`));
  });

  it("is rejected without endpoints, and dropped for want of local ones", () => {
    const endpoints = { all: [], cluster: [], local: [] };
    const rejected = lower(servicePort({ internal: { kind: "reject", over: "cluster" }, endpoints }));
    expect(rejected["nat services"]).toEqual([]);
    expect(rejected["filter services"]).toEqual([
      expect.stringMatching(/"shop\/web:http has no endpoints" .* -j REJECT --reject-with icmp-port-unreachable$/),
    ]);
    const dropped = lower(servicePort({ internal: { kind: "drop", over: "local" }, endpoints }));
    expect(dropped["filter services"]).toEqual([expect.stringMatching(/has no local endpoints" .* -j DROP$/)]);
  });
});

describe("the chain of a list of endpoints", () => {
  const rules = (plan: ServicePortPlan, given?: FamilySettings): readonly string[] =>
    lower(plan, given)["nat own"].filter((line) => line.startsWith(`-A ${own.cluster} `));

  it("masquerades what no pod sends, then draws lots", () => {
    expect(rules(servicePort())).toEqual([
      expect.stringMatching(/ ! -s 10\.0\.0\.0\/8 -d 10\.96\.0\.1\/32 .* -j KUBE-MARK-MASQ$/),
      expect.stringMatching(new RegExp(`--probability 0\\.5\\d* -j ${sep(here.target)}$`)),
      expect.stringMatching(new RegExp(`"shop/web:http -> 10\\.0\\.2\\.6:8080" -j ${sep(there.target)}$`)),
    ]);
  });

  it("masquerades everything where the configuration asks for it, and nothing where pods cannot be told", () => {
    const all = rules(servicePort(), settings({ masqueradeAll: true }));
    expect(all[0]).not.toContain("10.0.0.0/8");
    expect(all[0]).toContain("-j KUBE-MARK-MASQ");
    expect(rules(servicePort(), settings({ localDetector: undefined }))).toHaveLength(2);
  });

  it("asks first whom it has seen, with session affinity", () => {
    const [, first] = rules(servicePort({ affinity: { timeoutSeconds: 600 } }));
    expect(first).toContain(`-m recent --rcheck --seconds 600 --reap --name ${sep(here.target)}`);
  });

  it("leaves comments of endpoints out in a large cluster", () => {
    const large = lower(servicePort(), settings({ largeCluster: true }))["nat own"];
    expect(large.filter((line) => line.includes(" -> ") || line.startsWith("-A KUBE-SEP-")).join()).not.toContain(
      "comment",
    );
  });

  it("has one chain for an endpoint of both lists, with a rule for hairpins", () => {
    const plan = servicePort({ endpoints: { all: [here, there], cluster: [here, there], local: [here] } });
    const chain = sep(here.target);
    const lines = lower(plan);
    expect(lines["nat declarations"].filter((line) => line.includes(chain))).toHaveLength(1);
    expect(lines["nat own"].filter((line) => line.startsWith(`-A ${chain} `))).toEqual([
      `-A ${chain} -s 10.0.1.5/32 -m comment --comment "shop/web:http" -j KUBE-MARK-MASQ`,
      `-A ${chain} -p tcp -m comment --comment "shop/web:http" -m tcp -j DNAT --to-destination 10.0.1.5:8080`,
    ]);
  });
});

describe("the external chain", () => {
  const rules = (more: Partial<NonNullable<ServicePortPlan["external"]>>, given?: FamilySettings): readonly string[] =>
    lower(servicePort({ external: { ...external, ...more } }), given)
      ["nat own"].filter((line) => line.startsWith(`-A ${own.external} `))
      .map((line) => line.replace(/^-A \S+ /, "").replace(/-m comment --comment "[^"]*" /, ""));

  it("masquerades what comes from outside", () => {
    expect(rules({})).toEqual(["-j KUBE-MARK-MASQ", `-j ${own.cluster}`]);
  });

  it("keeps sources with policy Local, and sends pods and the node itself elsewhere", () => {
    const route = { kind: "balance", over: "local" } as const;
    expect(rules({ route, preservesClientIp: true, shortCircuitsLocal: true })).toEqual([
      `-s 10.0.0.0/8 -j ${own.cluster}`,
      "-m addrtype --src-type LOCAL -j KUBE-MARK-MASQ",
      `-m addrtype --src-type LOCAL -j ${own.cluster}`,
      `-j ${own.local}`,
    ]);
  });

  it("ends without a last rule where outsiders are dropped", () => {
    const route = { kind: "drop", over: "local" } as const;
    const found = rules({ route, preservesClientIp: true, shortCircuitsLocal: true });
    expect(found[found.length - 1]).toContain("--src-type LOCAL");
  });

  it("is not there where everything is rejected", () => {
    expect(rules({ route: { kind: "reject", over: "cluster" } })).toEqual([]);
  });
});

describe("load balancer IPs and node ports", () => {
  const sourceRanges = { ranges: [{ cidr: cidr("203.0.113.0/24"), place }], includesNode: true };

  it("are guarded by source ranges, which the node may lie in", () => {
    const lines = lower(servicePort({ external: { ...external, sourceRanges } }));
    expect(lines["nat services"].join("\n")).toContain(`loadbalancer IP" -m tcp --dport 80 -j ${own.firewall}`);
    expect(lines["filter proxyFirewall"]).toHaveLength(1);
    const allowed = lines["nat own"].filter((line) => line.startsWith(`-A ${own.firewall} -s`));
    expect(allowed.map((line) => line.split(" ")[3])).toEqual(["203.0.113.0/24", "198.51.100.1/32"]);
  });

  it("node ports are not subject to them", () => {
    const lines = lower(servicePort({ external: { ...external, sourceRanges } }));
    expect(lines["nat nodePorts"]).toEqual([expect.stringMatching(new RegExp(`--dport 30080 -j ${own.external}$`))]);
  });

  it("are refused where no endpoint may take them", () => {
    const refused = lower(servicePort({ external: { ...external, route: { kind: "drop", over: "local" } } }));
    expect(refused["filter externalServices"]).toEqual([
      expect.stringMatching(/-d 198\.51\.100\.1\/32 .* -j DROP$/),
      expect.stringMatching(/--dst-type LOCAL .*--dport 30080 -j DROP$/),
    ]);
  });

  it("count packets to 127.0.0.1 where the kernel can", () => {
    const sections = createSections({ origins: false });
    lowerServicePort(servicePort({ external }), settings({ nfacct: true }), sections);
    expect([...sections.counters]).toEqual(["localhost_nps_accepted_pkts"]);
    expect(textsOf(sections.lines["nat nodePorts"])).toHaveLength(2);
  });

  it("let health checks in", () => {
    expect(lower(servicePort({ healthCheckNodePort: 31000 }))["filter nodePorts"]).toEqual([
      expect.stringMatching(/--dport 31000 -j ACCEPT$/),
    ]);
  });
});

describe("rules that are always there", () => {
  it("guard loopback only where node ports answer there", () => {
    expect(kubeletFirewallRules(settings())).toHaveLength(1);
    expect(kubeletFirewallRules(settings({ localhostNodePorts: false }))).toEqual([]);
  });

  it("drop what conntrack calls invalid, unless it is liberal", () => {
    expect(forwardRules(settings())[0]).toMatch(/INVALID -j DROP$/);
    expect(forwardRules(settings({ dropsInvalid: false }))[0]).not.toContain("INVALID");
  });

  it("lead to node ports on the addresses that are chosen", () => {
    const nodePorts = { kind: "addresses", addresses: ["192.0.2.10", "127.0.0.1"] } as const;
    const dispatch = (localhostNodePorts: boolean) =>
      nodePortDispatchRules(settings({ nodePorts, localhostNodePorts })).map((line) => line.split(" ")[3]);
    expect(dispatch(true)).toEqual(["127.0.0.1/32", "192.0.2.10/32"]);
    expect(dispatch(false)).toEqual(["192.0.2.10/32"]);
  });
});

describe("fragments", () => {
  it("hold a Service's own chains and its rules in shared ones", () => {
    const fragment = iptablesFragments(settings())([servicePort()]);
    expect([...fragment.own.keys()]).toEqual([own.cluster, sep(here.target), sep(there.target)]);
    expect([...fragment.shared.keys()]).toEqual(["nat KUBE-SERVICES"]);
    expect(fragment).toMatchObject({ endpoints: 2, objects: undefined });
  });
});

describe("the program", () => {
  const plan = (more: object = {}) => ({
    node: "node1",
    families: [{ family: "ipv4" as const, settings: settings(), servicePorts: [servicePort()], portsOf: () => [] }],
    traits: plainTraits,
    localhostNodePorts: "off" as const,
    ipvs: { scheduler: "rr", strictArp: false, timeouts: undefined, excludeCidrs: [] },
    ...more,
  });
  const files = (more: object) =>
    kubeProxyIptables.lower(plan(more), { origins: false }, () => {}).steps.map(({ file }) => file);

  it("opens 127.0.0.1 last, and only where it is served", () => {
    expect(files({ localhostNodePorts: "served" })).toEqual(["iptables.restore", "iptables.jumps", "sysctl.conf"]);
    expect(files({ localhostNodePorts: "ignored" })).toEqual(["iptables.restore", "iptables.jumps"]);
  });

  it("counts the rules that a first packet may meet", () => {
    const count = (plan: ServicePortPlan) => kubeProxyIptables.countRules?.(plan);
    expect(count(servicePort({ external }))).toEqual({ shared: 2, own: 5 });
    expect(count(servicePort({ affinity: { timeoutSeconds: 1 } }))).toEqual({ shared: 1, own: 7 });
    expect(count(servicePort({ internal: { kind: "reject", over: "cluster" } }))).toEqual({ shared: 0, own: 0 });
  });
});
