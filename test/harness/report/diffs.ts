import type {
  ClassOutcome,
  NodeRules,
  OutcomeLabel,
  PathRule,
  TrafficChange,
  TrafficDiff,
} from "../../../src/diff/traffic-diff.ts";

/** An endpoint that is reached with one share out of so many. */
export function delivered(destination: string, parts = 1, more: Partial<OutcomeLabel> = {}): OutcomeLabel {
  const exact = parts === 1 ? "1/1" : `${Math.round(2 ** 31 / parts)}/2147483648`;
  return {
    verdict: "delivered",
    destination,
    share: 1 / parts,
    exact,
    masquerade: false,
    affinity: undefined,
    assuming: [],
    ...more,
  };
}

export const rejected: OutcomeLabel = { ...delivered(""), verdict: "rejected", destination: undefined };

/** Equal shares over these endpoints, for one class of sources. */
export function balanced(
  destinations: readonly string[],
  from = "any source",
  more: Partial<OutcomeLabel> = {},
): ClassOutcome {
  return { from, outcomes: destinations.map((destination) => delivered(destination, destinations.length, more)) };
}

/** A rule that every packet meets, before and after. */
export const filterRule: PathRule = { where: "filter INPUT", text: "-A INPUT -j KUBE-FIREWALL", differs: false };

/** Endpoints 3 -> 2 of shop/web, unless said otherwise. */
export function change(more: Partial<TrafficChange> = {}): TrafficChange {
  return {
    kind: "changed",
    severity: "load-distribution",
    service: "shop/web:http",
    vip: "10.96.4.20:80/TCP",
    port: 80,
    protocol: "TCP",
    nodes: ["n1", "n2", "n3"],
    headline: "endpoints 3 -> 2",
    details: ["traffic per endpoint 33.3% -> 50%"],
    endpoints: { added: [], removed: [{ target: "10.244.3.4:8080", pod: "web-c", node: "n3" }] },
    before: [balanced(["10.244.1.2:8080", "10.244.2.3:8080", "10.244.3.4:8080"])],
    after: [balanced(["10.244.1.2:8080", "10.244.2.3:8080"])],
    examplePacket: {
      from: "10.244.1.5",
      fromClass: "any source",
      entry: "pod",
      to: "10.96.4.20:80",
      protocol: "tcp",
      was: "10.244.1.2:8080 33.3%, 10.244.2.3:8080 33.3%, 10.244.3.4:8080 33.3%",
      now: "10.244.1.2:8080 50%, 10.244.2.3:8080 50%",
    },
    source: { file: "deploy/web.yaml", line: 21, column: 13 },
    examplePath: {
      before: [
        filterRule,
        {
          where: "nat KUBE-SERVICES",
          text: "-A KUBE-SVC-WEB -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A",
          differs: true,
        },
      ],
      after: [
        filterRule,
        {
          where: "nat KUBE-SERVICES",
          text: "-A KUBE-SVC-WEB -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A",
          differs: true,
        },
      ],
    },
    ...more,
  };
}

export function nodeRules(more: Partial<NodeRules> = {}): NodeRules {
  return {
    nodes: ["n1", "n2", "n3"],
    added: 2,
    changed: 1,
    removed: 3,
    moved: 0,
    chains: [
      {
        where: "nat KUBE-SVC-WEB (IPv4)",
        kind: "changed",
        renamedTo: undefined,
        lines: [
          { sign: "-", text: "-A KUBE-SVC-WEB -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-A" },
          { sign: "+", text: "-A KUBE-SVC-WEB -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A" },
        ],
      },
      {
        where: "nat KUBE-SEP-C (IPv4)",
        kind: "removed",
        renamedTo: undefined,
        lines: [
          { sign: "-", text: "-A KUBE-SEP-C -s 10.244.3.4/32 -j KUBE-MARK-MASQ" },
          { sign: "-", text: "-A KUBE-SEP-C -p tcp -m tcp -j DNAT --to-destination 10.244.3.4:8080" },
        ],
      },
      { where: "nat KUBE-SEP-OLD (IPv4)", kind: "renamed", renamedTo: "KUBE-SEP-NEW", lines: [] },
    ],
    ...more,
  };
}

export function diffOf(changes: readonly TrafficChange[], more: Partial<TrafficDiff> = {}): TrafficDiff {
  return {
    base: { name: "base.yaml", mode: "iptables" },
    head: { name: "git:HEAD:deploy", mode: "iptables" },
    nodes: ["n1", "n2", "n3"],
    changes,
    changedFields: [],
    rules: [nodeRules()],
    assumptions: ["routing and NetworkPolicy beyond a node are not looked at"],
    ...more,
  };
}

export const emptyDiff = diffOf([], { rules: [], assumptions: [] });
export const cosmeticDiff = diffOf([], {
  rules: [nodeRules({ added: 0, changed: 0, removed: 0, moved: 412, nodes: ["n1"], chains: [] })],
});
