import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/app/effects.ts";
import { type Drift, describeTraffic } from "../../../src/check/drift.ts";
import { compile } from "../../../src/index.ts";
import { makeNode, makeService, makeSlice, proxyConfiguration } from "../../harness/cluster-objects.ts";
import { verifyOn } from "../../harness/saved-plan.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";

const ports = [{ name: "http", port: 80, nodePort: 30_080 }];
const node = { ...makeNode(), spec: { podCIDRs: ["10.244.1.0/24"] } };
const state = [
  node,
  makeService("web", { type: "NodePort", clusterIP: "10.96.0.1", ports }),
  makeSlice("web", { endpoints: ["10.244.1.5", "10.244.1.6"] }),
  makeService("api", { clusterIP: "10.96.0.2", ports: [{ name: "http", port: 8080 }] }),
  makeSlice("api", { endpoints: ["10.244.1.7"] }),
];
const ipvs = [...state, proxyConfiguration({ mode: "ipvs" })];

type Damage = (host: SimulatedHost) => void;

/** What verify tells of a host that was in order before it was damaged. */
async function findingsOf(objects: readonly object[], damage: Damage): Promise<readonly Drift[]> {
  const host = new SimulatedHost();
  const { script } = compile(objects, { node: "node1" });
  for (const step of script?.steps ?? []) host.run({ ...step, stdin: textOf(step.stdin) });
  damage(host);
  const result = await verifyOn(host, objects);
  if (result instanceof Failure) throw result;
  return result.findings;
}

function textOf(stdin: string | Uint8Array): string {
  return typeof stdin === "string" ? stdin : new TextDecoder().decode(stdin);
}

/** Changes the rules of a chain whose name begins so. */
function edit(table: string, prefix: string, change: (rules: string[]) => string[]): Damage {
  return ({ tables }) => {
    const chains = tables.ipv4.get(table);
    for (const [name, rules] of chains ?? []) if (name.startsWith(prefix)) chains?.set(name, change(rules));
  };
}

const without = (part: string) => (rules: string[]) => rules.filter((rule) => !rule.includes(part));
const toWeb = "connections to 10.96.0.1:80";

describe("verify, in iptables mode", () => {
  it.each<[string, Damage, readonly [what: string, ...traffic: (string | RegExp)[]]]>([
    [
      "a rule of a shared chain",
      edit("nat", "KUBE-SERVICES", without("10.96.0.2")),
      [
        "1 of 3 rules of KUBE-SERVICES is missing (nat, IPv4)",
        "connections to 10.96.0.2:8080 from anywhere get no answer (no rule handles them)",
      ],
    ],
    [
      "the jump of the node itself",
      edit("nat", "OUTPUT", without("KUBE-SERVICES")),
      [
        "the jump from OUTPUT to KUBE-SERVICES is missing (nat, IPv4)",
        "connections to 10.96.0.2:8080 and 10.96.0.1:80 (2 service ports) from the node itself get no answer (no rule handles them)",
        "connections to nodePort 30080 from the node itself reach the node itself instead of an endpoint (no rule handles them)",
      ],
    ],
    [
      "the jump of packets from elsewhere",
      edit("nat", "PREROUTING", without("KUBE-SERVICES")),
      [
        "the jump from PREROUTING to KUBE-SERVICES is missing (nat, IPv4)",
        /from sources outside this node and pods of this node get no answer \(no rule handles them\)$/,
        /^connections to nodePort 30080 from .* reach the node itself instead of an endpoint/,
      ],
    ],
    [
      "one of two endpoints",
      edit("nat", "KUBE-SVC-", without("10.244.1.5")),
      [
        "1 of 2 rules of KUBE-SVC-67NZLRHBNDSAWJRO is missing (nat, IPv4)",
        `${toWeb} and nodePort 30080 from anywhere never go to 10.244.1.5:8080`,
      ],
    ],
    [
      "a rule of another hand",
      edit("nat", "KUBE-SERVICES", (rules) => ["-A KUBE-SERVICES -s 203.0.113.9/32 -j RETURN", ...rules]),
      [
        "1 rule of KUBE-SERVICES should not be there (nat, IPv4)",
        /from 203\.0\.113\.9 get no answer \(no rule handles them\)$/,
        /^connections to nodePort 30080 from 203\.0\.113\.9 reach/,
      ],
    ],
    [
      "the mark",
      edit("nat", "KUBE-MARK-MASQ", () => []),
      [
        "the only rule of KUBE-MARK-MASQ is missing (nat, IPv4)",
        /^connections to .* from the endpoint itself come back to it with its own address as source/,
        "connections to nodePort 30080 from anywhere keep the client's address, so that replies may not come back through this node",
      ],
    ],
    [
      "another order",
      edit("nat", "KUBE-POSTROUTING", ([first = "", second = "", ...rest]) => [second, first, ...rest]),
      [
        "the rules of KUBE-POSTROUTING are in another order (nat, IPv4)",
        /^connections to 10\.96\.0\.2:8080 and 10\.96\.0\.1:80 .* from anywhere reach the endpoint with the node's address/,
        "connections to nodePort 30080 from anywhere keep the client's address, so that replies may not come back through this node",
        /go on with the node's address/,
        /go on with the node's address/,
      ],
    ],
    [
      "a chain of a Service that is gone",
      ({ tables }) =>
        tables.ipv4.get("nat")?.set("KUBE-SEP-AAAAAAAAAAAAAAAA", ["-A KUBE-SEP-AAAAAAAAAAAAAAAA -j KUBE-MARK-MASQ"]),
      ["chain KUBE-SEP-AAAAAAAAAAAAAAAA with its 1 rule should not be there (nat, IPv4)"],
    ],
    [
      "a rule of another program that accepts before masquerade",
      edit("nat", "POSTROUTING", (rules) => ["-A POSTROUTING -s 10.244.0.0/16 -d 10.244.0.0/16 -j ACCEPT", ...rules]),
      [
        "1 rule of other programs comes before the jumps to kube-proxy chains in POSTROUTING (nat, IPv4)",
        /from the endpoint itself come back to it/,
        /^connections to nodePort 30080 from 10\.244\.0\.0\/16 and pods of this node keep the client's address/,
      ],
    ],
  ])("%s", async (_, damage, [what, ...traffic]) => {
    const findings = await findingsOf(state, damage);
    expect(findings.map((finding) => finding.what)).toEqual([what]);
    expect(findings.flatMap((finding) => finding.traffic?.map(describeTraffic) ?? ["not followed"])).toEqual(
      traffic.map((one) => (typeof one === "string" ? one : expect.stringMatching(one))),
    );
  });

  it("does not call foreign rules drift that change the fate of no packet", async () => {
    const accept = "-A PREROUTING -s 203.0.113.9/32 -d 198.51.100.1/32 -j ACCEPT";
    const [finding] = await findingsOf(
      state,
      edit("nat", "PREROUTING", (rules) => [accept, ...rules]),
    );
    expect(finding).toMatchObject({ kind: "foreign-rules-first", isDrift: false, traffic: [] });
  });

  it("says what shows only after other repairs", async () => {
    const findings = await findingsOf(state, (host) => {
      edit("nat", "KUBE-NODEPORTS", () => [])(host);
      edit("nat", "KUBE-MARK-MASQ", () => [])(host);
    });
    const mark = findings.find(({ chain }) => chain?.name === "KUBE-MARK-MASQ");
    expect(mark?.traffic?.map(({ destinations, isHidden }) => [destinations, isHidden])).toEqual([
      [["10.96.0.1:80", "10.96.0.2:8080"], false],
      [["nodePort 30080"], true],
    ]);
  });

  it("follows enough destinations where all are affected", async () => {
    const many = Array.from({ length: 90 }, (_, number) => [
      makeService(`s${number}`, { clusterIP: `10.96.1.${number}`, ports: [{ name: "http", port: 80 }] }),
      makeSlice(`s${number}`, { endpoints: [`10.244.2.${number}`] }),
    ]).flat();
    const [finding] = await findingsOf([...state, ...many], edit("nat", "OUTPUT", without("KUBE-SERVICES")));
    expect(finding?.traffic?.map(describeTraffic)).toEqual([
      expect.stringMatching(/^connections to .*, .*, .* and at least \d+ more from the node itself get no answer/),
    ]);
  });

  it("counts what is affected", async () => {
    const [finding] = await findingsOf(state, edit("nat", "KUBE-SERVICES", without("10.96.0.2")));
    expect(finding).toMatchObject({
      chain: { family: "ipv4", table: "nat", name: "KUBE-SERVICES", rules: 3 },
      service: "shop/api:http",
      traffic: [{ destinations: ["10.96.0.2:8080"], services: ["shop/api:http"], from: ["anywhere"] }],
    });
  });
});

describe("verify, in ipvs mode", () => {
  it.each<[string, Damage, readonly [what: string, ...traffic: (string | RegExp)[]]]>([
    [
      "a real server",
      ({ servers }) => servers.get("-t 10.96.0.1:80")?.realServers.delete("10.244.1.5:8080"),
      ["1 real server is missing", `${toWeb} from anywhere never go to 10.244.1.5:8080`],
    ],
    [
      "a virtual server",
      ({ servers }) => servers.delete("-t 10.96.0.2:8080"),
      [
        "1 virtual server and 1 real server are missing",
        /^connections to 10\.96\.0\.2:8080 from anywhere reach the node itself/,
      ],
    ],
    [
      "an entry of a set",
      ({ sets }) => {
        const set = sets.get("KUBE-CLUSTER-IP");
        set?.entries.splice(0, set.entries.length, ...set.entries.filter((entry) => !entry.includes("10.96.0.2")));
      },
      [
        "1 set entry is missing",
        "connections to 10.96.0.2:8080 from sources outside this node and pods of this node are refused",
        /^connections to 10\.96\.0\.2:8080 from the node itself as 10\.96\.0\.2 keep the client's address/,
      ],
    ],
  ])("%s", async (_, damage, [what, ...traffic]) => {
    const findings = await findingsOf(ipvs, damage);
    expect(findings.map((finding) => finding.what)).toEqual([what]);
    expect(findings.flatMap((finding) => finding.traffic?.map(describeTraffic) ?? ["not followed"])).toEqual(
      traffic.map((one) => (typeof one === "string" ? one : expect.stringMatching(one))),
    );
  });
});
