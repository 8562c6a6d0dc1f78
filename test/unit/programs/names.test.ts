import { describe, expect, it } from "vitest";
import {
  endpointChain,
  iptablesChains,
  ipvsChains,
  isBalancingChain,
  isEndpointChain,
  isNodePortChain,
  isOwnedChain,
  isServicePortChain,
  kubeletCanary,
  parseServicePortChain,
  proxyCanary,
  servicePortChainKinds,
  servicePortChainRank,
  servicePortChains,
  servicePortInComment,
} from "../../../src/programs/kube-proxy/chain-names.ts";
import { addressDevice, counters } from "../../../src/programs/kube-proxy/names.ts";
import {
  familyOfSet,
  isNodePortSet,
  isOwnedSet,
  isServiceAddressSet,
  setKeyOf,
  setKeys,
  setName,
} from "../../../src/programs/kube-proxy/set-names.ts";
import { ownerOf, purposeOf } from "../../../src/programs/registry.ts";

const hash = "ABCDEFGHIJKLMN27";
const chain = (name: string, table = "nat") => ({ kind: "chain", table, name }) as const;
const programsOf = (name: string): readonly string[] | undefined => ownerOf(chain(name))?.programs;

/** Names that only look like kube-proxy's. */
const nearMisses = [
  "KUBE-SERVICE",
  "KUBE-SERVICES2",
  "kube-services",
  "XKUBE-SERVICES",
  `KUBE-SVC-${hash}X`,
  `KUBE-SVC-${hash.slice(1)}`,
  "KUBE-SVC-ABCDEFGHIJKLMN01",
  `KUBE-SVC-${hash.toLowerCase()}`,
  `KUBE-ABC-${hash}`,
  `KUBE-SVC${hash}`,
  `A KUBE-SVC-${hash}`,
  "KUBE-NODE-PORTS",
  "KUBE-HOSTPORTS",
  "cali-PREROUTING",
  "DOCKER",
  "PREROUTING",
  "",
];

describe("the chains of kube-proxy", () => {
  it.each(Object.values(iptablesChains))("%s is of the iptables mode", (name) => {
    expect(isOwnedChain(name)).toBe(true);
    expect(isServicePortChain(name)).toBe(false);
    expect(programsOf(name)).toContain("kube-proxy/iptables");
  });

  it.each(Object.values(ipvsChains))("%s is of the ipvs mode", (name) => {
    expect(isOwnedChain(name)).toBe(true);
    expect(programsOf(name)).toContain("kube-proxy/ipvs");
  });

  it("tells chains that one mode alone has from those of both", () => {
    expect(programsOf("KUBE-SERVICES")).toEqual(["kube-proxy/iptables", "kube-proxy/ipvs"]);
    expect(programsOf("KUBE-EXTERNAL-SERVICES")).toEqual(["kube-proxy/iptables"]);
    expect(programsOf("KUBE-NODEPORTS")).toEqual(["kube-proxy/iptables"]);
    expect(programsOf("KUBE-NODE-PORT")).toEqual(["kube-proxy/ipvs"]);
    expect(programsOf("KUBE-IPVS-OUT-FILTER")).toEqual(["kube-proxy/ipvs"]);
  });

  it.each(servicePortChainKinds)("a chain of kind %s belongs to one service port, in iptables mode", (kind) => {
    const name = `KUBE-${kind}-${hash}`;
    expect(isOwnedChain(name)).toBe(true);
    expect(parseServicePortChain(name)).toEqual({ kind, hash });
    expect(ownerOf(chain(name))).toEqual({
      component: "kube-proxy",
      programs: ["kube-proxy/iptables"],
      servicePort: kind,
    });
    expect(purposeOf(chain(name), "shop/web:http")).toContain("shop/web:http");
    expect(purposeOf(chain(name), undefined)).toContain("an unknown service port");
  });

  it.each(nearMisses)("%j is somebody else's", (name) => {
    expect(isOwnedChain(name)).toBe(false);
    expect(parseServicePortChain(name)).toBeUndefined();
    expect(ownerOf(chain(name))).toBeUndefined();
    expect(purposeOf(chain(name), undefined)).toBeUndefined();
  });

  it("tells the kubelet's chains from kube-proxy's", () => {
    expect(ownerOf(chain(kubeletCanary))).toMatchObject({ component: "kubelet", programs: [] });
    expect(isOwnedChain(kubeletCanary)).toBe(false);
    expect(ownerOf(chain("KUBE-FIREWALL"))).toMatchObject({
      component: "kubelet",
      programs: ["kube-proxy/iptables"],
    });
    expect(ownerOf(chain(proxyCanary))).toMatchObject({ component: "kube-proxy" });
    expect(isOwnedChain(proxyCanary)).toBe(true);
  });

  it("names the chains of a service port as kube-proxy does", () => {
    // Of kube-proxy's own unit tests (proxier_test.go, ns1/svc1:p80).
    const { cluster, local, external, firewall } = servicePortChains("ns1/svc1:p80", "tcp");
    expect(cluster).toBe("KUBE-SVC-XPGD46QRK7WJZT7O");
    expect(external).toBe("KUBE-EXT-XPGD46QRK7WJZT7O");
    expect(local).toBe("KUBE-SVL-XPGD46QRK7WJZT7O");
    expect(firewall).toBe("KUBE-FW-XPGD46QRK7WJZT7O");
    expect(endpointChain("ns1/svc1:p80tcp", "10.180.0.1:80")).toBe("KUBE-SEP-SXIVWICOYRO3J4NJ");
  });

  it("tells what kinds of chains are for", () => {
    const { cluster, local, external } = servicePortChains("a/b", "tcp");
    expect([cluster, local, external].map(isBalancingChain)).toEqual([true, true, false]);
    expect(isEndpointChain(endpointChain("a/btcp", "10.0.0.1:80"))).toBe(true);
    expect(isEndpointChain(cluster)).toBe(false);
    expect(["KUBE-NODEPORTS", "KUBE-NODE-PORT", "KUBE-SERVICES"].map(isNodePortChain)).toEqual([true, true, false]);
  });

  it("ranks chains before those they lead to", () => {
    const ranks = ["FW", "EXT", "SVC", "SVL", "SEP"].map((kind) => servicePortChainRank(`KUBE-${kind}-${hash}`));
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(new Set(ranks).size).toBe(ranks.length);
    expect(servicePortChainRank("KUBE-SERVICES")).toBe(-1);
  });

  it("says what a chain is for in the table where it is", () => {
    expect(purposeOf(chain("KUBE-SERVICES", "nat"), undefined)).not.toBe(
      purposeOf(chain("KUBE-SERVICES", "filter"), undefined),
    );
    expect(purposeOf(chain("KUBE-MARK-MASQ", "filter"), undefined)).toBeUndefined();
    for (const name of [...Object.values(iptablesChains), ...Object.values(ipvsChains)]) {
      const purposes = ["nat", "filter"].map((table) => purposeOf(chain(name, table), undefined));
      expect(purposes.some((purpose) => purpose !== undefined)).toBe(true);
    }
  });
});

describe("the sets of kube-proxy", () => {
  it.each(setKeys.flatMap((key) => (["ipv4", "ipv6"] as const).map((family) => [setName(key, family), key, family])))(
    "%s is %s in %s",
    (name, key, family) => {
      expect(setKeyOf(name as string)).toBe(key);
      expect(isOwnedSet(name as string)).toBe(true);
      expect(familyOfSet(name as string)).toBe(family);
      expect((name as string).length).toBeLessThanOrEqual(31);
      expect(ownerOf({ kind: "set", name: name as string })?.programs).toEqual(["kube-proxy/ipvs"]);
      expect(purposeOf({ kind: "set", name: name as string }, undefined)).toBeDefined();
    },
  );

  it("no two sets share a name", () => {
    const names = setKeys.flatMap((key) => [setName(key, "ipv4"), setName(key, "ipv6")]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(["KUBE-CLUSTER-IPS", "KUBE-6-", "KUBE-SERVICES", "cali40all", "KUBE-NODE-PORT-SCTP"])(
    "%s is none",
    (name) => {
      expect(isOwnedSet(name)).toBe(false);
      expect(ownerOf({ kind: "set", name })).toBeUndefined();
    },
  );

  it("a set that is to take another's place is ours, and has no purpose of its own", () => {
    expect(isOwnedSet("KUBE-SWAP-0")).toBe(true);
    expect(purposeOf({ kind: "set", name: "KUBE-SWAP-0" }, undefined)).toBeUndefined();
  });

  it("tells sets of node ports and of addresses", () => {
    expect(isNodePortSet("KUBE-NODE-PORT-TCP", "tcp", "ipv4")).toBe(true);
    expect(isNodePortSet("KUBE-6-NODE-PORT-LOCAL-UDP", "udp", "ipv6")).toBe(true);
    expect(isNodePortSet("KUBE-NODE-PORT-TCP", "udp", "ipv4")).toBe(false);
    expect(isNodePortSet("KUBE-NODE-PORT-TCP", "tcp", "ipv6")).toBe(false);
    expect(isNodePortSet("KUBE-NODE-PORT-SCTP-HASH", "sctp", "ipv4")).toBe(false);
    expect(["KUBE-6-CLUSTER-IP", "KUBE-LOAD-BALANCER-FW", "KUBE-IPVS-IPS"].map(isServiceAddressSet)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe("counters, the device and settings", () => {
  it.each(Object.values(counters))("%s is a counter of the iptables mode", (name) => {
    expect(ownerOf({ kind: "counter", name })?.programs).toEqual(["kube-proxy/iptables"]);
    expect(purposeOf({ kind: "counter", name }, undefined)).toBeDefined();
  });

  it("knows the device of the ipvs mode and no other", () => {
    expect(ownerOf({ kind: "device", name: addressDevice })?.programs).toEqual(["kube-proxy/ipvs"]);
    expect(ownerOf({ kind: "device", name: "nodelocaldns" })).toBeUndefined();
    expect(ownerOf({ kind: "device", name: "constructor" })).toBeUndefined();
  });

  it("tells whose a kernel setting is", () => {
    const mode = (name: string): readonly string[] | undefined => ownerOf({ kind: "sysctl", name })?.programs;
    expect(mode("net.ipv4.conf.all.route_localnet")).toEqual(["kube-proxy/iptables"]);
    expect(mode("net.ipv4.vs.conntrack")).toEqual(["kube-proxy/ipvs"]);
    expect(mode("net.ipv4.conf.eth0.route_localnet")).toBeUndefined();
    expect(purposeOf({ kind: "sysctl", name: "net.ipv4.ip_forward" }, undefined)).toBeDefined();
    expect(ownerOf({ kind: "counter", name: "my_counter" })).toBeUndefined();
  });
});

describe("comments of rules", () => {
  it.each([
    ["shop/web:http cluster IP", "shop/web:http"],
    ["shop/web", "shop/web"],
    ["shop/web:http -> 10.0.0.1:80", "shop/web:http"],
    ["kubernetes service portals", undefined],
    ["Shop/Web cluster IP", undefined],
    ["10.0.0.1/32", undefined],
  ])("%s names %s", (comment, name) => {
    expect(servicePortInComment(comment)).toBe(name);
  });
});

describe("objects of the nftables mode", () => {
  const table = "ip kube-proxy";
  const inTable = (kind: "chain" | "set", name: string) => ({ kind, table, name }) as const;

  it.each([
    ["chain", "firewall-ULMVA6XW-shop/web/tcp/http", /^drops packets to the load balancer IPs of shop\/web:http /],
    ["chain", "service-ULMVA6XW-shop/web/tcp/http", /^balances traffic for shop\/web:http /],
    ["chain", "reject-chain", /^rejects packets/],
    ["set", "cluster-ips", /./],
  ] as const)("%s %s has an owner and a purpose", (kind, name, purpose) => {
    expect(ownerOf(inTable(kind, name))).toMatchObject({ component: "kube-proxy", programs: ["kube-proxy/nftables"] });
    expect(purposeOf(inTable(kind, name), undefined)).toMatch(purpose);
  });

  it.each(["chain", "set"] as const)("%s of another name is somebody else's", (kind) => {
    expect(ownerOf(inTable(kind, "mine"))).toBeUndefined();
  });
});
