import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../../src/index.ts";
import { deleteFlow, parseFlows, staleConntrackEntries } from "../../../src/languages/conntrack.ts";
import { attributeChains, unknownService } from "../../../src/reconcile/attribution.ts";
import { ownedInScript } from "../../../src/reconcile/desired-state.ts";
import {
  collectedDocument,
  collectHeadings,
  parseDocument,
  printDocument,
} from "../../../src/reconcile/live/collected-document.ts";
import { parseHostState } from "../../../src/reconcile/live/host-state.ts";
import { ownedOnHost } from "../../../src/reconcile/live/live-state.ts";
import { failingLine } from "../../../src/reconcile/live/probe.ts";
import { makeState } from "../../harness/cluster-objects.ts";
import { SimulatedHost } from "../../harness/simulated-host.ts";

describe("a dump", () => {
  const dump = new SimulatedHost().dump();
  const read = (text: string) => parseDocument({ file: "node1.txt", text, source: 0 });

  test("is read back as it was printed, with what failed", () => {
    const parsed = read(printDocument(collectedDocument(dump)));
    const document = parsed.kind === "document" ? parsed.document : undefined;
    const texts = document?.texts.map(({ heading, text }) => [heading, text]) ?? [];
    expect({ "uname -n": `${document?.name}\n`, ...Object.fromEntries(texts) }).toEqual(dump.texts);
    expect(document?.failures).toEqual(dump.failures);
  });

  test("that lacks something is refused", () => {
    const text = printDocument(collectedDocument(dump));
    expect(read(text.slice(0, -5))).toMatchObject({
      kind: "broken",
      message: expect.stringContaining("truncated"),
    });
    expect(read("# rules\n")).toMatchObject({ kind: "broken" });
    fc.assert(fc.property(fc.string(), (noise) => read(noise).kind === "broken"));
  });

  test("of any text in any section is read without an exception", () => {
    fc.assert(
      fc.property(fc.constantFrom(...collectHeadings), fc.string(), (command, noise) => {
        parseHostState(collectedDocument({ texts: { ...dump.texts, [command]: noise }, failures: {} }));
      }),
    );
  });
});

describe("what is ours", () => {
  const { script } = compile(makeState({ services: 120, endpoints: 10 }), { node: "node1" });
  if (script === undefined) throw new Error("refused");
  const wanted = ownedInScript(script);

  test("is told by the text alone, without comments in large clusters too", () => {
    const ofChain = attributeChains([wanted]);
    const chains = [...(wanted.rules.ipv4?.tables.get("nat")?.chains ?? [])];
    const [endpoint = "", lines] = chains.find(([name]) => name.startsWith("KUBE-SEP-")) ?? [];
    expect(lines?.join()).not.toContain("comment");
    expect(ofChain(endpoint)).toMatch(/^shop\/svc-\d+:http$/);
    expect(ofChain("KUBE-SVC-AAAAAAAAAAAAAAAA")).toBe(unknownService);
    expect(ofChain("KUBE-FORWARD")).toBe("shared base chains");
  });

  test("of virtual servers: on our addresses, in our sets, wanted; not where excludeCIDRs say otherwise", () => {
    const host = new SimulatedHost();
    host.addresses = new Set(["10.96.0.1/32"]);
    host.sets.set("KUBE-NODE-PORT-TCP", {
      create: "create KUBE-NODE-PORT-TCP bitmap:port range 0-65535",
      entries: ["30080"],
    });
    const keys = [
      "-t 10.96.0.1:80",
      "-t 192.0.2.10:30080",
      "-u 192.0.2.10:30080",
      "-t 192.0.2.10:8443",
      "-t 198.18.0.1:80",
    ];
    for (const key of keys) host.servers.set(key, { options: "-s rr", realServers: new Map() });
    host.timeouts = "900 120 300";
    const { state } = parseHostState(collectedDocument(host.dump()));
    const owned = (desiredServers: readonly string[], cidr?: string) => {
      const excluded = cidr === undefined ? [] : [{ family: "ipv4" as const, text: cidr, prefix: 16 }];
      return [...ownedOnHost(state, { desiredServers: new Set(desiredServers), excluded }).servers.keys()];
    };
    expect(owned([])).toEqual(["-t 10.96.0.1:80", "-t 192.0.2.10:30080"]);
    expect(owned(["-t 198.18.0.1:80"])).toEqual(["-t 10.96.0.1:80", "-t 192.0.2.10:30080", "-t 198.18.0.1:80"]);
    expect(owned([], "10.96.0.0/16")).toEqual(["-t 192.0.2.10:30080"]);
    expect(owned(["-t 10.96.0.1:80"], "10.96.0.0/16")).toEqual(["-t 10.96.0.1:80", "-t 192.0.2.10:30080"]);
  });
});

describe("tracked UDP connections", () => {
  const line = (client: string, to: string, port: number, from: string) =>
    `udp      17 29 src=${client} dst=${to} sport=4711 dport=${port} [UNREPLIED] src=${from} dst=${client} sport=5353 dport=4711 mark=0 use=1`;
  const flows = parseFlows(
    [
      line("10.244.1.9", "10.96.0.10", 53, "10.244.1.5"),
      line("10.244.1.9", "10.96.0.10", 53, "10.244.1.99"),
      line("198.51.100.7", "192.0.2.10", 30053, "10.244.1.99"),
      line("2001:db8::7", "2001:db8::10", 30053, "fd00::5"),
      line("10.244.1.9", "10.96.0.99", 53, "10.244.1.99"),
      "conntrack v1.4.7 (conntrack-tools): 5 flow entries have been shown.",
    ].join("\n"),
  );
  const services = [
    { family: "ipv4", addresses: ["10.96.0.10:53"], nodePort: 30053, endpoints: new Set(["10.244.1.5:5353"]) },
    { family: "ipv6", addresses: ["[fd00::a]:53"], nodePort: 30053, endpoints: new Set(["[fd00::5]:5353"]) },
  ] as const;

  test("are forgotten when their endpoint serves no longer, and no others", () => {
    expect(staleConntrackEntries(flows, services)).toEqual([flows[1], flows[2]]);
    expect(staleConntrackEntries(flows, [])).toEqual([]);
    const [, stranded] = flows;
    expect(stranded && deleteFlow(stranded).join(" ")).toBe(
      "conntrack -D -p udp --orig-src 10.244.1.9 --orig-dst 10.96.0.10 --sport 4711 --dport 53",
    );
  });
});

test.each([
  "src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2",
  "src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 sport=3",
  "src=10.0.0.1 src=10.0.0.3 dst=10.0.0.2 sport=1 dport=2",
  "src=10.0.0.1 src=10.0.0.3 sport=1 sport=3 dport=2",
  "src=10.0.0.1 src=10.0.0.3 dst=10.0.0.2 sport=1 sport=3",
])("no UDP connection is read from half of one: %s", (line) => {
  expect(parseFlows(line)).toEqual([]);
});

describe("the line at which a tool gave up", () => {
  const rule =
    '-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m comment --comment "shop/web:http" -j DNAT --to-destination 10.0.0.1:80';
  const step = { purpose: "p", argv: ["iptables-restore"], stdin: `*nat\n${rule}\nCOMMIT\n` };
  const none = () => undefined;

  test.each([
    "exit 1: iptables-restore: line 2 failed",
    "exit 4: iptables-restore v1.8.9 (nf_tables): line 2: RULE_APPEND failed (No such file or directory): rule in chain X",
    "exit 2: Bad argument `x'; Error occurred at line: 2",
    "exit 1: ipset v7.17: Error in line 2: Set cannot be created",
    "exit 1: Command failed -:2",
  ])("%s", (message) => {
    expect(failingLine(step, message, () => "nobody", none)).toEqual({
      number: 2,
      text: rule,
      service: "shop/web:http",
    });
  });

  test("is not known where a whole table is refused", () => {
    expect(failingLine(step, "exit 1: iptables-restore: line 3 failed", () => "nobody", none)).toBeUndefined();
    expect(
      failingLine(step, "exit 4: Another app is currently holding the xtables lock", () => "x", none),
    ).toBeUndefined();
  });
});
