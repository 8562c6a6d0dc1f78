import { describe, expect, it } from "vitest";
import type { FamilySettings, ForwardingPlan, ServicePortPlan } from "../../../src/plan/forwarding/forwarding-plan.ts";
import {
  createContext,
  createIpvsObjects,
  type IpvsObjects,
} from "../../../src/programs/kube-proxy/ipvs/ipvs-objects.ts";
import { lowerServicePort } from "../../../src/programs/kube-proxy/ipvs/lower-service-port.ts";
import { ipvsFragments, ipvsKernel, kubeProxyIpvs } from "../../../src/programs/kube-proxy/ipvs/program.ts";
import { filterRules, natRules } from "../../../src/programs/kube-proxy/ipvs/rules.ts";
import {
  cidr,
  collectCodes,
  endpoint,
  here,
  ip,
  place,
  service,
  servicePort,
  settings,
  there,
  vip,
  webPort,
} from "../plan/plans.ts";

const ipvs = { scheduler: "rr", strictArp: false, timeouts: undefined, excludeCidrs: [] };

function lower(
  plans: readonly ServicePortPlan[],
  given: FamilySettings = settings(),
  shared: string[] = [],
): IpvsObjects {
  const objects = createIpvsObjects();
  const context = createContext(given, ipvs, ({ name }, address) => shared.push(`${name} ${address}`));
  for (const plan of plans) lowerServicePort(plan, context, objects);
  return objects;
}

const emptyPlan: ForwardingPlan = {
  node: "node1",
  families: [],
  traits: kubeProxyIpvs.traits,
  localhostNodePorts: "off",
  ipvs,
};

const entries = (objects: IpvsObjects, set: keyof IpvsObjects["entries"]) => [...objects.entries[set].keys()];
const realServers = (objects: IpvsObjects, key: string) =>
  objects.servers.get(key)?.endpoints.map(({ target }) => target);

const external = {
  externalIps: [],
  loadBalancerIps: [],
  nodePort: undefined,
  route: { kind: "balance", over: "cluster" },
  preservesClientIp: false,
  shortCircuitsLocal: false,
  sourceRanges: undefined,
} as const;

describe("virtual servers", () => {
  it("send to the list that the route is over", () => {
    const endpoints = { all: [here, there], cluster: [here, there], local: [here] };
    const over = (list: "cluster" | "local") =>
      realServers(lower([servicePort({ endpoints, internal: { kind: "balance", over: list } })]), "-t 10.96.0.1:80");
    expect(over("cluster")).toEqual(["10.0.1.5:8080", "10.0.2.6:8080"]);
    expect(over("local")).toEqual(["10.0.1.5:8080"]);
  });

  it("are there without endpoints, too", () => {
    const endpoints = { all: [], cluster: [], local: [] };
    const plan = servicePort({ endpoints, internal: { kind: "reject", over: "cluster" } });
    expect(realServers(lower([plan]), "-t 10.96.0.1:80")).toEqual([]);
  });

  it("of one address belong to the first service port", () => {
    const shared: string[] = [];
    const second = servicePort({ name: "shop/other" });
    const objects = lower([servicePort(), second], settings(), shared);
    expect(objects.servers.size).toBe(1);
    expect(shared).toEqual(["shop/other 10.96.0.1:80"]);
  });

  it("remember clients with session affinity", () => {
    const objects = lower([servicePort({ affinity: { timeoutSeconds: 600 } })]);
    expect(objects.servers.get("-t 10.96.0.1:80")?.add).toBe("-A -t 10.96.0.1:80 -s rr -p 600");
  });
});

describe("set entries", () => {
  it("hold the cluster IP, bound to the device, and the way back to a local endpoint", () => {
    const objects = lower([servicePort()]);
    expect(entries(objects, "clusterIp")).toEqual(["10.96.0.1,tcp:80"]);
    expect(entries(objects, "boundIps")).toEqual(["10.96.0.1"]);
    expect(entries(objects, "loopBack")).toEqual(["10.0.1.5,tcp:8080,10.0.1.5"]);
  });

  it("of the way back count endpoints that are not ready as well", () => {
    const starting = endpoint("10.0.1.9", true, { ready: false, serving: false });
    const plan = servicePort({ endpoints: { all: [starting], cluster: [], local: [] } });
    expect(entries(lower([plan]), "loopBack")).toEqual(["10.0.1.9,tcp:8080,10.0.1.9"]);
  });

  it("tell external IPs by whether sources are kept, and bind none that the host has", () => {
    const externalIps = [vip("198.51.100.1"), vip("192.0.2.10", 1)];
    const masqueraded = lower([servicePort({ external: { ...external, externalIps } })]);
    expect(entries(masqueraded, "externalIp")).toEqual(["198.51.100.1,tcp:80", "192.0.2.10,tcp:80"]);
    expect(entries(masqueraded, "boundIps")).toEqual(["10.96.0.1", "198.51.100.1"]);
    const kept = lower([servicePort({ external: { ...external, externalIps, preservesClientIp: true } })]);
    expect(entries(kept, "externalIp")).toEqual([]);
    expect(entries(kept, "externalIpLocal")).toHaveLength(2);
  });

  it("shut the node out of a load balancer IP whose ranges leave it out, and let it in otherwise", () => {
    const guarded = (includesNode: boolean) =>
      lower([
        servicePort({
          external: {
            ...external,
            loadBalancerIps: [vip("198.51.100.1")],
            sourceRanges: { ranges: [{ cidr: cidr("203.0.113.0/24"), place }], includesNode },
          },
        }),
      ]);
    expect(entries(guarded(true), "loadBalancerSourceIp")).toEqual(["198.51.100.1,tcp:80,198.51.100.1"]);
    expect(guarded(true).nodeDropRules).toEqual([]);
    expect(entries(guarded(false), "loadBalancerSourceIp")).toEqual([]);
    expect(guarded(false).nodeDropRules).toHaveLength(1);
    expect(entries(guarded(false), "loadBalancerSourceCidr")).toEqual(["198.51.100.1,tcp:80,203.0.113.0/24"]);
  });

  it("name node ports by protocol, those of SCTP with their addresses", () => {
    const nodePort = { ...external, nodePort: 30080 };
    expect(entries(lower([servicePort({ external: nodePort })]), "nodePortTcp")).toEqual(["30080"]);
    const sctp = lower([servicePort({ protocol: "sctp", external: { ...nodePort, preservesClientIp: true } })]);
    expect(entries(sctp, "nodePortSctp")).toEqual(["192.0.2.10,sctp:30080"]);
    expect(entries(sctp, "nodePortLocalSctp")).toEqual(["192.0.2.10,sctp:30080"]);
  });

  it("name no node port where no address serves any", () => {
    const none = settings({ nodePorts: { kind: "addresses", addresses: [] } });
    const objects = lower(
      [servicePort({ external: { ...external, nodePort: 30080 }, healthCheckNodePort: 31000 })],
      none,
    );
    expect(entries(objects, "nodePortTcp")).toEqual([]);
    // The plan decides about the health check port.
    expect(entries(objects, "healthCheck")).toEqual(["31000"]);
  });
});

describe("rules", () => {
  it("ask only for sets that have entries, but for those that are always asked", () => {
    const none = natRules(settings(), () => false).join("\n");
    expect(none).not.toContain("--match-set");
    expect(natRules(settings(), (set) => set === "externalIp").join("\n")).toContain("KUBE-EXTERNAL-IP dst,dst");
    expect(filterRules(settings(), () => false).join("\n")).toContain("--match-set KUBE-CLUSTER-IP dst,dst");
  });

  it("tell pods as the detector does", () => {
    const masquerades = (given: Partial<FamilySettings>) =>
      natRules(settings(given), (set) => set === "clusterIp").find((line) => line.includes("-j KUBE-MARK-MASQ"));
    expect(masquerades({})).toContain("! -s 10.0.0.0/8");
    expect(masquerades({ localDetector: undefined })).toContain("KUBE-CLUSTER-IP src,dst");
    expect(masquerades({ masqueradeAll: true })).toMatch(/KUBE-CLUSTER-IP dst,dst/);
  });
});

describe("fragments", () => {
  it("write sets, servers and rules as the whole does", () => {
    const fragment = ipvsFragments(settings(), emptyPlan)([servicePort()]);
    expect(fragment.endpoints).toBe(2);
    expect(fragment.own.size).toBe(0);
    expect([...(fragment.objects?.servers.keys() ?? [])]).toEqual(["-t 10.96.0.1:80"]);
    expect(ipvsKernel.setName("clusterIp", "ipv6")).toBe("KUBE-6-CLUSTER-IP");
    expect(ipvsKernel.createSet("clusterIp", "ipv4", 1)).toContain("create KUBE-CLUSTER-IP hash:ip,port");
    const [filter] = ipvsKernel.setRules(settings(), () => false);
    expect(filter).toMatchObject({ table: "filter" });
  });
});

describe("differences from the iptables mode", () => {
  const inspect = (plan: ServicePortPlan, localhostNodePorts: ForwardingPlan["localhostNodePorts"] = "off") => {
    const { report, codes } = collectCodes();
    const families = [{ family: "ipv4" as const, settings: settings(), servicePorts: [plan], portsOf: () => [] }];
    kubeProxyIpvs.inspect?.({ ...emptyPlan, families, localhostNodePorts }, report);
    return codes;
  };
  const always = "ipvs-unused-ports-rejected";

  it("say each thing that a service port meets", () => {
    expect(inspect(servicePort())).toEqual([always]);
    expect(inspect(servicePort({ affinity: { timeoutSeconds: 1 } }))).toEqual([always, "ipvs-affinity-per-address"]);
    const local = service({ internalTrafficPolicy: "Local" });
    expect(inspect(servicePort({ service: local }))).toEqual([always, "ipvs-local-falls-back"]);
    const routed = servicePort({ service: local, internal: { kind: "balance", over: "local" } });
    expect(inspect(routed)).toEqual([always]);
  });

  it("say that node ports stay off 127.0.0.1 only where they were asked for", () => {
    const plan = servicePort({ port: { ...webPort, nodePort: 30080 }, external: { ...external, nodePort: 30080 } });
    expect(inspect(plan, "ignored")).toContain("ipvs-no-loopback-node-ports");
    expect(inspect(plan, "off")).not.toContain("ipvs-no-loopback-node-ports");
    const ofIpv6 = service({ clusterIps: { ipv6: vip("fd00:96::1") } });
    expect(inspect({ ...plan, service: ofIpv6 }, "ignored")).not.toContain("ipvs-no-loopback-node-ports");
    expect(inspect(servicePort(), "ignored")).not.toContain("ipvs-no-loopback-node-ports");
  });

  it("say that a health check port is left out", () => {
    const of = service({ healthCheckNodePort: 31000 });
    expect(inspect(servicePort({ service: of }))).toContain("ipvs-node-ports-match-nothing");
    expect(inspect(servicePort({ service: of, healthCheckNodePort: 31000 }))).not.toContain(
      "ipvs-node-ports-match-nothing",
    );
  });

  it("say that an address of the host is served", () => {
    const externalIps = [{ address: ip("192.0.2.10"), place }];
    expect(inspect(servicePort({ external: { ...external, externalIps } }))).toContain("ipvs-host-addresses-served");
  });
});

it("steps load IPVS, and set timeouts where there are some", () => {
  const timeouts = { tcp: 900, tcpFin: 120, udp: 300 };
  const stepsOf = (more: object) =>
    kubeProxyIpvs
      .lower({ ...emptyPlan, ipvs: { ...ipvs, ...more } }, { origins: false }, () => {})
      .steps.map(({ language, argv, stdin }) => [language, argv.join(" "), new TextDecoder().decode(stdin)]);
  expect(stepsOf({})).toContainEqual(["ipvs", "ipvsadm -Sn", ""]);
  expect(stepsOf({}).filter(([language]) => language === "ipvs-timeouts")).toEqual([]);
  expect(stepsOf({ timeouts })).toContainEqual(["ipvs-timeouts", "xargs ipvsadm", "--set 900 120 300\n"]);
});
