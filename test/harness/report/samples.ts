import type { TrafficChange, TrafficDiff } from "../../../src/diff/traffic-diff.ts";
import { balanced, change, delivered, diffOf, filterRule, rejected } from "./diffs.ts";

const lost = change({
  kind: "removed",
  severity: "access-lost",
  service: "shop/checkout:grpc",
  vip: "10.96.100.2:9090/TCP",
  port: 9090,
  headline: "no endpoints left",
  details: ["connections are now rejected (icmp-port-unreachable)"],
  endpoints: { added: [], removed: [{ target: "10.244.2.7:9090", pod: "checkout-a", node: "n2" }] },
  before: [balanced(["10.244.2.7:9090"])],
  after: [{ from: "any source", outcomes: [rejected] }],
  examplePacket: {
    from: "10.244.1.5",
    fromClass: "any source",
    entry: "pod",
    to: "10.96.100.2:9090",
    protocol: "tcp",
    was: "10.244.2.7:9090",
    now: "rejected",
  },
  source: { file: "deploy/checkout.yaml", line: 8, column: 5 },
  examplePath: {
    before: [
      filterRule,
      {
        where: "nat KUBE-SERVICES",
        text: "-A KUBE-SERVICES -d 10.96.100.2/32 -p tcp -m tcp --dport 9090 -j KUBE-SVC-CHECKOUT",
        differs: true,
      },
    ],
    after: [
      filterRule,
      {
        where: "nat KUBE-SERVICES",
        text: "-A KUBE-SERVICES -d 10.96.100.2/32 -p tcp -m tcp --dport 9090 -j REJECT",
        differs: true,
      },
    ],
  },
});

const opened = change({
  kind: "added",
  severity: "access-widened",
  vip: "nodePort 30080/TCP",
  port: 30080,
  headline: "opens on every node",
  details: [],
  endpoints: { added: [], removed: [] },
  before: [],
  after: [balanced(["10.244.1.2:8080", "10.244.2.3:8080"], "any source", { masquerade: true })],
  examplePacket: {
    from: "203.0.113.9",
    fromClass: "any source",
    entry: "outside",
    to: "192.0.2.11:30080",
    protocol: "tcp",
    was: "untouched",
    now: "10.244.1.2:8080 50%, 10.244.2.3:8080 50%",
  },
  source: { file: "deploy/web.yaml", line: 17, column: 15 },
});

const kept = change({
  examplePacket: {
    from: "198.51.100.7",
    fromClass: "outside",
    entry: "outside",
    to: "203.0.113.20:443",
    protocol: "tcp",
    was: "10.244.1.9:8443 50%, 10.244.2.9:8443 50%, masqueraded",
    now: "10.244.1.9:8443",
  },
  severity: "source-address",
  service: "shop/api:https",
  vip: "203.0.113.20:443/TCP",
  port: 443,
  nodes: ["n1"],
  headline: "the client's address is kept",
  details: ["externalTrafficPolicy Cluster -> Local", "other nodes drop what they have no endpoint for"],
  endpoints: { added: [], removed: [{ target: "10.244.2.9:8443", pod: "api-b", node: "n2" }] },
  before: [
    balanced(["10.244.1.9:8443", "10.244.2.9:8443"], "outside", { masquerade: true }),
    balanced(["10.244.1.9:8443", "10.244.2.9:8443"], "pods of this node"),
  ],
  after: [
    balanced(["10.244.1.9:8443"], "outside"),
    balanced(["10.244.1.9:8443", "10.244.2.9:8443"], "pods of this node"),
  ],
  source: { file: "deploy/api.yaml", line: 12, column: 26 },
});

const sticky = change({
  examplePacket: {
    from: "10.244.1.5",
    fromClass: "any source",
    entry: "pod",
    to: "10.96.7.7:80",
    protocol: "tcp",
    was: "10.244.1.8:80, for 10800 s",
    now: "10.244.1.8:80",
  },
  severity: "affinity",
  service: "shop/cart:http",
  vip: "10.96.7.7:80/TCP",
  headline: "clients no longer stay with one endpoint",
  details: [],
  endpoints: { added: [], removed: [] },
  before: [{ from: "any source", outcomes: [delivered("10.244.1.8:80", 1, { affinity: 10800 })] }],
  after: [balanced(["10.244.1.8:80"])],
  source: undefined,
});

const stray = change({
  examplePacket: {
    from: "198.51.100.7",
    fromClass: "any source",
    entry: "outside",
    to: "192.0.2.80:8080",
    protocol: "tcp",
    was: "10.244.9.9:8080",
    now: "untouched",
  },
  endpoints: { added: [], removed: [] },
  kind: "removed",
  severity: "access-lost",
  service: undefined,
  vip: "192.0.2.80:8080/TCP",
  headline: "answers no longer",
  details: [],
  before: [balanced(["10.244.9.9:8080"])],
  after: [],
  source: undefined,
});

const renamed = change({
  severity: "cosmetic",
  service: "shop/docs:http",
  vip: "10.96.9.9:80/TCP",
  headline: "comments",
});

/** One of everything. */
export const smallDiff: TrafficDiff = diffOf([
  opened,
  lost,
  stray,
  kept,
  change(),
  change({ vip: "203.0.113.5:80/TCP" }),
  sticky,
  renamed,
]);

/** Many services in a few namespaces, on many nodes. */
export function largeDiff(services = 500, nodes = 40): TrafficDiff {
  const names = Array.from({ length: nodes }, (_, index) => `node${String(index + 1).padStart(3, "0")}`);
  const changes = Array.from({ length: services }, (_, index): TrafficChange => {
    const service = `team${index % 7}/service-${String(index).padStart(4, "0")}:http`;
    const vip = `10.96.${index >> 8}.${index & 255}:80/TCP`;
    const template = [lost, kept, change()][Math.floor((index * 3) / services)] as TrafficChange;
    const some = index % 5 === 0 ? names.filter((_name, at) => at % (2 + (index % 3)) === 0) : names;
    return { ...template, service, vip, nodes: some };
  });
  return diffOf(changes, {
    nodes: names,
    rules: [{ ...(diffOf([]).rules[0] as TrafficDiff["rules"][0]), nodes: names }],
  });
}
