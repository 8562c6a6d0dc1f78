import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkHosts, readHosts } from "../../../../src/check/text/check-host.ts";
import { readCluster } from "../../../../src/compile/compile.ts";
import { createSink, type Diagnostic } from "../../../../src/diagnostics/diagnostic.ts";
import { readRuleset } from "../../../../src/languages/nftables/read-ruleset.ts";
import { writeRuleset } from "../../../../src/languages/nftables/write-ruleset.ts";
import { documentsIn } from "../../../harness/golden-cases.ts";

const fixture = (name: string): string => readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url), "utf8");
/** An element or rule a line. */
const spread = (name: string): string =>
  writeRuleset(readRuleset([{ file: "", text: fixture(`healthy-nodes/${name}`) }]).doc);
const flannel = spread("nftables-flannel.nft");
const firewalld = spread("nftables-firewalld.nft");

const noRoles = { proxyConfigDocument: undefined, overlaysFrom: undefined };

function find(text: string, hasState = false): readonly Diagnostic[] {
  const sink = createSink();
  const documents = documentsIn(fixture("nftables-node.yaml"));
  const cluster = hasState ? readCluster(documents, noRoles, {}, createSink()) : undefined;
  checkHosts(readHosts("", [{ name: "dump", text, document: 0, isFromFolder: false }], sink), sink, cluster);
  return sink.diagnostics;
}

const without = (text: string, line: RegExp): string => text.replace(new RegExp(`^\t+${line.source}.*\n`, "gm"), "");
const before = (text: string, line: RegExp, added: string): string =>
  text.replace(new RegExp(`^(\t+)(${line.source}.*)\n`, "m"), `$1${added}\n$1$2\n`);
const foreign = (chain: string): string => `${flannel}table ip other {\n\tchain base {\n${chain}\n\t}\n}\n`;

/** What was done to a healthy node, and a finding that it makes. */
const faults: readonly (readonly [name: string, text: string, code: string, message: RegExp])[] = [
  [
    "the jump of nat-prerouting is gone",
    flannel.replace(/(type nat hook prerouting .*\n)\t+jump services\n/, "$1"),
    "service-jump-missing",
    /^nat-prerouting \(table ip kube-proxy\) does not lead to services: connections from pods of this node, pods of other nodes, outside the cluster to .* reach no endpoint$/,
  ],
  [
    "the base chain of the node's own packets is gone",
    flannel.replace(/\tchain nat-output \{[^}]*\}\n/, ""),
    "service-jump-missing",
    /^nat-output \(table ip kube-proxy\) does not lead to services: connections from the node itself to /,
  ],
  [
    "chain services has lost the rule for addresses",
    without(flannel, /ip daddr \. meta l4proto \. th dport vmap @service-ips/),
    "service-chain-flushed",
    /^services \(table ip kube-proxy\) has lost rules: connections from .* reach no endpoint$/,
  ],
  [
    "masquerading is empty",
    flannel.replace(/(\tchain masquerading \{\n)[^}]*\}/, "$1\t}").replace(/(\tchain postrtg \{\n)[^}]*\}/, "$1\t}"),
    "service-chain-flushed",
    /^masquerading \(table ip kube-proxy\) has lost rules: connections from .*an endpoint to itself.* are not masqueraded/,
  ],
  [
    "service-ips is empty",
    flannel.replace(/(\tmap service-ips \{\n(?:.*\n)*?)\t\telements = \{\n(?:\t\t\t.*\n)*\t\t\}\n/, "$1"),
    "service-chain-uncalled",
    /^no rule or element of table ip kube-proxy leads to service-\S+ and \d more: connections to default\/kubernetes:https,/,
  ],
  [
    "a cluster IP has lost its element",
    without(flannel, /10\.112\.44\.61 \. tcp \. 80 : goto service-/),
    "service-chain-uncalled",
    /leads to service-\S+bakery\/catalog\/tcp\/http: connections to bakery\/catalog:http do not get there$/,
  ],
  [
    "a node port has lost its element",
    without(flannel, /tcp \. 31080 : goto external-/),
    "external-chain-uncalled",
    /: bakery\/shop:web do not answer on an external address or node port$/,
  ],
  [
    "an element leads elsewhere",
    flannel.replace(/(10\.112\.60\.8 \. tcp \. 80) : goto \S+?,/, "$1 : drop,"),
    "service-element-changed",
    /^element 10\.112\.60\.8 \. tcp \. 80 : drop of map service-ips /,
  ],
  [
    "a chain of a Service is empty",
    flannel.replace(/(\tchain service-\S+catalog\/tcp\/http \{\n)[^}]*\}[^}]*\}/, "$1\t}"),
    "service-traffic-lost",
    /^100% of connections from all sources to bakery\/catalog:http reach no endpoint, at the end of service-/,
  ],
  [
    "an endpoint is missing from the map",
    flannel.replace(/, 2 : 10\.201\.4\.22 \. 8080/, ""),
    "map-number-missing",
    /^33\.3% of the packets find no endpoint: numgen random mod 3 makes the numbers 2, which the map does not have$/,
  ],
  [
    "the numbers are fewer than the endpoints",
    flannel.replace("numgen random mod 3 map", "numgen random mod 2 map"),
    "map-number-unused",
    /^no packet finds the entries 2 of the map: numgen random mod 2 makes numbers from 0 to 1$/,
  ],
  [
    "a rule leads to a chain that does not exist",
    flannel.replace(/\tchain external-\S+shop\/tcp\/web \{[^}]*\}\n/, ""),
    "jump-target-missing",
    /^jump target external-\S+shop\/tcp\/web does not exist in table ip kube-proxy$/,
  ],
  [
    "source ranges are not asked for",
    flannel.replace(/(type filter hook prerouting .*\n)\t+ct state new jump firewall-check\n/, "$1"),
    "service-access-open",
    /^connections from .*outside the cluster to bakery\/orders:https .*are not refused: filter-prerouting-pre-dnat does not lead to firewall-check$/,
  ],
  [
    "the chain of source ranges is empty",
    flannel.replace(/(\tchain firewall-[A-Z]\S+ \{\n)[^}]*\}[^}]*\}/, "$1\t}"),
    "service-access-open",
    /^connections from outside the source ranges to bakery\/orders:https are not refused: firewall-\S+ does not drop them$/,
  ],
  [
    "an endpoint is not masqueraded to itself",
    without(flannel, /10\.201\.4\.40 \. 10\.201\.4\.40 \. tcp/),
    "service-masquerade-missing",
    /^hairpin-connections does not masquerade connections from an endpoint to itself to bakery\/orders:https/,
  ],
  [
    "clients of an endpoint are not remembered",
    without(flannel, /update @affinity-\S+10\.201\.4\.50/),
    "session-affinity-lost",
    /^endpoint-\S+ does not remember its clients: session affinity of bakery\/session:http/,
  ],
  [
    "an endpoint's address was changed",
    flannel.replace("dnat to 10.201.4.50:9000", "dnat to 10.201.4.51:9000"),
    "service-endpoint-changed",
    /is the chain of endpoint 10\.201\.4\.50 port 9000 of bakery\/session:http, but sends connections to 10\.201\.4\.51 port 9000$/,
  ],
  [
    "something has added a rule to a chain of a Service",
    before(flannel, /meta l4proto tcp dnat to 10\.201\.4\.50/, "ip saddr 203.0.113.9 drop"),
    "service-rule-foreign",
    /of bakery\/session:http has a rule that kube-proxy does not write: ip saddr 203\.0\.113\.9 drop$/,
  ],
  [
    "a firewall drops by default, and an accept in another table does not save",
    foreign("\t\ttype filter hook forward priority filter + 5; policy drop;\n\t\tct state established,related accept"),
    "service-traffic-blocked",
    /^policy drop of base \(table ip other\) drops connections from pods of this node, /,
  ],
  [
    "a firewall drops before kube-proxy translates",
    foreign("\t\ttype filter hook prerouting priority mangle; policy accept;\n\t\tip daddr 10.112.0.0/16 drop"),
    "service-traffic-blocked",
    /^rule 1 of base \(table ip other\) drops connections from pods of this node to /,
  ],
  [
    "firewalld lets nothing out of pods",
    without(firewalld, /(?:iifname "cni0" goto filter_FWD_trusted|ct status dnat accept|oifname "cni0" accept)/),
    "service-traffic-blocked",
    /^rule \d+ of filter_FORWARD \(table inet firewalld\) rejects connections from /,
  ],
  [
    "another program translates first",
    foreign(
      "\t\ttype nat hook prerouting priority dstnat - 10; policy accept;\n\t\ttcp dport 31080 dnat to 172.18.0.5:31080",
    ),
    "service-traffic-diverted",
    /^rule 1 of base \(table ip other\) comes before services \(table ip kube-proxy\): .* to bakery\/shop:web \(node port 31080\/TCP\) go to 172\.18\.0\.5:31080$/,
  ],
  [
    "another program sets the whole mark",
    foreign("\t\ttype filter hook forward priority mangle; policy accept;\n\t\tmeta mark set 0x00000001").replace(
      /(\tchain postrtg \{\n)[^}]*\}/,
      "$1\t}",
    ),
    "service-mark-cleared",
    /^rule 1 of base \(table ip other\) clears the mark of table ip kube-proxy: connections from /,
  ],
  [
    "iptables mode has left its rules",
    `${flannel}table ip nat {\n\tchain KUBE-SERVICES {\n\t\tip daddr 10.112.0.1 tcp dport 443 jump KUBE-SVC-AAAAAAAAAAAAAAAA\n\t}\n\n\tchain KUBE-SVC-AAAAAAAAAAAAAAAA {\n\t}\n}\n`,
    "kube-proxy-modes-mixed",
    /^rules of another mode of kube-proxy stand beside table ip kube-proxy: KUBE-SERVICES of iptables$/,
  ],
  [
    "no address serves node ports",
    flannel.replace(/(\tset nodeport-ips \{\n(?:.*\n)*?)\t\telements = \{\n(?:\t\t\t.*\n)*\t\t\}\n/, "$1"),
    "node-ports-without-address",
    /^set nodeport-ips of table ip kube-proxy is empty: no node port answers on this node$/,
  ],
];

describe("what is broken in tables of nftables", () => {
  it.each(faults)("%s", (_, text, code, message) => {
    expect(text).not.toBe(flannel);
    const found = find(text);
    expect(found.filter((each) => each.code === code).map((each) => each.message)).toEqual([
      expect.stringMatching(message),
    ]);
  });

  it("is not an error where another order of chains of equal priority is fine", () => {
    const text = foreign(
      "\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t\ttcp dport 31080 dnat to 172.18.0.5:31080",
    );
    expect(find(text)).toMatchObject([
      {
        code: "service-order-unknown",
        severity: "info",
        message: expect.stringMatching(
          /to bakery\/shop:web .* depend on the order of chains .*: rule 1 of base \(table ip other\)/,
        ),
        services: ["bakery/shop:web"],
      },
    ]);
  });
});

describe("tables of nftables and a state", () => {
  it("differ in nothing on a healthy node", () => {
    expect(find(flannel, true)).toEqual([]);
  });

  it("show an endpoint that is gone, an address without an element, an endpoint without masquerade", () => {
    const gone = flannel.replace("2 : 10.201.4.22 . 8080", "2 : 10.201.4.23 . 8080");
    expect(find(gone, true).map(({ code }) => code)).toContain("endpoint-not-in-state");
    const unmapped = without(flannel, /tcp \. 31443 : goto external-/);
    expect(find(unmapped, true)).toMatchObject([
      {
        code: "service-address-missing",
        message: expect.stringMatching(/^node port 31443\/tcp of bakery\/orders:https/),
      },
    ]);
    const unmasqueraded = without(flannel, /10\.201\.4\.22 \. 10\.201\.4\.22 \. tcp/);
    expect(find(unmasqueraded, true)).toMatchObject([
      { code: "service-masquerade-missing", services: ["bakery/catalog:http"] },
    ]);
  });
});
