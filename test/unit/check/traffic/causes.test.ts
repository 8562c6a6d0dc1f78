import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkHosts, readHosts } from "../../../../src/check/text/check-host.ts";
import { readCluster } from "../../../../src/compile/compile.ts";
import { createSink, type Diagnostic } from "../../../../src/diagnostics/diagnostic.ts";
import { makeSlice } from "../../../harness/cluster-objects.ts";

const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/healthy-nodes/${name}`, import.meta.url), "utf8");
const flannel = fixture("flannel.save");
const ipvs = fixture("ipvs-flannel-portmap.collect");

const noRoles = { proxyConfigDocument: undefined, overlaysFrom: undefined };

function findAll(text: string, objects?: readonly object[]): readonly Diagnostic[] {
  const sink = createSink();
  const cluster = objects === undefined ? undefined : readCluster(objects, noRoles, {}, createSink());
  checkHosts(readHosts("", [{ name: "dump", text, document: 0, isFromFolder: false }], sink), sink, cluster);
  return sink.diagnostics;
}

function find(text: string): readonly Diagnostic[] {
  return findAll(text).filter(({ severity }) => severity === "error");
}

const without = (text: string, line: RegExp): string => text.replace(new RegExp(`^${line.source}.*\n`, "gm"), "");
const before = (text: string, rule: string, added: string): string => text.replace(rule, `${added}\n${rule}`);

const everyPort = 6;

/** What was done to a healthy node, and the only error that it makes. */
const faults: readonly (readonly [name: string, text: string, code: string, message: string | RegExp])[] = [
  [
    "the jump of PREROUTING is gone",
    without(flannel, /-A PREROUTING .*KUBE-SERVICES/),
    "service-jump-missing",
    /^PREROUTING \(table nat\) does not lead to KUBE-SERVICES: connections from pods of this node, pods of other nodes, outside the cluster to .* reach no endpoint$/,
  ],
  [
    "the jump of OUTPUT is gone",
    without(flannel, /-A OUTPUT .*portals" -j KUBE-SERVICES/).replace(
      /^-A OUTPUT -m conntrack .*KUBE-SERVICES\n/gm,
      "",
    ),
    "service-jump-missing",
    /^OUTPUT \(table nat\) does not lead to KUBE-SERVICES: connections from the node itself to /,
  ],
  [
    "KUBE-MARK-MASQ is empty",
    without(flannel, /-A KUBE-MARK-MASQ/),
    "service-chain-flushed",
    /^KUBE-MARK-MASQ \(table nat\) has lost rules: connections from .* are not masqueraded, so replies do not come back$/,
  ],
  [
    "KUBE-SERVICES is empty",
    without(flannel, /-A KUBE-SERVICES .*-j KUBE-(?:SVC|EXT|FW|NODEPORTS)/),
    "service-chain-flushed",
    /^KUBE-SERVICES \(table nat\) has lost rules: connections from .* reach no endpoint$/,
  ],
  [
    "KUBE-NODEPORTS is empty",
    without(flannel, /-A KUBE-NODEPORTS .*-j KUBE-EXT/),
    "service-chain-flushed",
    /^KUBE-NODEPORTS \(table nat\) has lost rules: connections from all sources to node ports of /,
  ],
  [
    "an older flannel accepts all traffic between pods",
    flannel.replace(/^(-A FLANNEL-POSTRTG) -m mark .*$/m, "$1 -s 10.201.0.0/16 -d 10.201.0.0/16 -j ACCEPT"),
    "service-rules-bypassed",
    /^rule 1 of FLANNEL-POSTRTG \(table nat\) ends the table before KUBE-POSTROUTING: connections from .*an endpoint to itself/,
  ],
  [
    "nothing accepts what is forwarded",
    without(flannel, /-A FLANNEL-FWD/).replace(":FORWARD ACCEPT", ":FORWARD DROP"),
    "service-traffic-blocked",
    /^policy DROP of FORWARD \(table filter\) drops connections from pods of this node/,
  ],
  [
    "a firewall rejects what is forwarded to pods of another node",
    before(flannel, '-A FORWARD -m comment --comment "flanneld forward"', "-A FORWARD -d 10.201.1.0/24 -j REJECT"),
    "service-traffic-blocked",
    /^rule 5 of FORWARD \(table filter\) rejects connections from pods of this node/,
  ],
  [
    "an endpoint's rule is gone",
    without(flannel, /-A KUBE-SEP-\S+ -p tcp .*10\.201\.4\.22:8080/),
    "service-traffic-lost",
    /^33\.3% of connections from .* to bakery\/catalog:http reach no endpoint, at the end of KUBE-SEP-/,
  ],
  [
    "an endpoint is not masqueraded to itself",
    without(flannel, /-A KUBE-SEP-\S+ -s 10\.201\.4\.22\/32/),
    "service-masquerade-missing",
    /^KUBE-SEP-\S+ does not masquerade connections from an endpoint to itself to bakery\/catalog:http: replies do not/,
  ],
  [
    "an endpoint's address was changed",
    flannel.replace("--to-destination 10.201.2.18:", "--to-destination 10.201.2.19:"),
    "service-endpoint-changed",
    /is the chain of endpoint 10\.201\.2\.18 of bakery\/catalog:http, but sends connections to 10\.201\.2\.19$/,
  ],
  [
    "a host port comes before the rules of ipvs mode",
    ipvs
      .replaceAll("--dport 8443", "--dport 80")
      .replace("--dports 8443", "--dports 80")
      .replace(/^(-A PREROUTING .*-j KUBE-SERVICES)\n(-A PREROUTING .*-j CNI-HOSTPORT-DNAT)$/m, "$2\n$1"),
    "service-traffic-diverted",
    /^rule \d of CNI-DN-\S+ \(table nat\) \(called through CNI-HOSTPORT-DNAT\) comes before KUBE-SERVICES: .* go to /,
  ],
  [
    "a virtual server is gone",
    without(ipvs, /-[aA] -t 10\.112\.44\.61:80/),
    "service-traffic-lost",
    /^100% of connections from pods of this node, the node itself to 10\.112\.44\.61:80\/TCP reach no endpoint, since there/,
  ],
  [
    "source ranges have no effect in ipvs mode",
    without(ipvs, /-A (?:INPUT|FORWARD) .*-j KUBE-PROXY-FIREWALL/),
    "service-access-open",
    /^connections from .* to 203\.0\.113\.77:443\/TCP are not refused: INPUT does not lead to KUBE-SOURCE-RANGES-FIREWALL$/,
  ],
  [
    "the node does not forward",
    ipvs.replace("net.ipv4.ip_forward = 1", "net.ipv4.ip_forward = 0"),
    "node-setting-breaks-services",
    "net.ipv4.ip_forward = 0: the node forwards no packets: pods and other hosts reach no endpoint",
  ],
  [
    "conntrack knows an endpoint that no rule has",
    ipvs.replace("src=10.201.4.9 dst=10.201.4.22", "src=10.201.9.9 dst=10.201.4.22"),
    "conntrack-entry-stale",
    "conntrack sends UDP packets of 10.201.4.22 for 10.112.0.10:53/UDP to 10.201.9.9:53, which is no endpoint of its rules",
  ],
];

describe("what breaks Services is one error, with its cause", () => {
  it.each(faults)("%s", (_, text, code, message) => {
    const found = find(text);
    expect(found.map((each) => each.code)).toEqual([code]);
    expect(found[0]?.message).toMatch(message);
  });

  it("names the Services, and how to mend it", () => {
    const [found] = find(without(flannel, /-A PREROUTING .*KUBE-SERVICES/));
    expect(found?.services).toContain("kube-system/kube-dns:dns");
    expect(found?.services?.length).toBeGreaterThanOrEqual(everyPort);
    expect(found?.hint).toContain("iptables -t nat -I PREROUTING");
  });

  it("says nothing of what a text does not show", () => {
    const [, nat = ""] = /(\*nat\n[\s\S]*?COMMIT\n)/.exec(flannel) ?? [];
    expect(find(nat)).toEqual([]);
    expect(
      find(nat.replace(/^:(?:PREROUTING|INPUT|OUTPUT|POSTROUTING) .*\n/gm, "").replace(/^-A [A-Z]+ .*\n/gm, "")),
    ).toEqual([]);
  });
});

describe("what is less than an error", () => {
  it.each<readonly [name: string, text: string, found: Pick<Diagnostic, "code" | "severity">, message: RegExp]>([
    [
      "another program accepts what kube-proxy would refuse",
      without(flannel, /-A FORWARD -m conntrack .*-j KUBE-SERVICES/),
      { code: "service-refusal-missing", severity: "info" },
      /^connections from pods of this node to bakery\/empty:http are neither delivered nor refused: rule 1 of FLANNEL-FWD /,
    ],
    [
      "KUBE-POSTROUTING masquerades what is not marked",
      without(flannel, /-A KUBE-POSTROUTING -m mark ! --mark .*-j RETURN/),
      { code: "service-client-hidden", severity: "warning" },
      /^KUBE-POSTROUTING masquerades connections from .*: the client's address is lost$/,
    ],
  ])("%s", (_, text, found, message) => {
    expect(findAll(text)).toMatchObject([{ ...found, message: expect.stringMatching(message) }]);
  });

  it("an endpoint in rules that the state has no more", () => {
    const slice = makeSlice("kube-dns", { namespace: "kube-system", endpoints: ["10.201.1.7"] });
    const ports = [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "dns-tcp", port: 53, protocol: "TCP" },
      { name: "metrics", port: 9153, protocol: "TCP" },
    ];
    const found = findAll(flannel, [{ ...slice, ports }]).filter(({ code }) => code === "endpoint-not-in-state");
    expect(found.map(({ services }) => services).sort()).toEqual([
      ["kube-system/kube-dns:dns"],
      ["kube-system/kube-dns:dns-tcp"],
      ["kube-system/kube-dns:metrics"],
    ]);
    for (const { message } of found) expect(message).toContain("10.201.4.9:");
  });
});
