import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import type { PacketExplanation } from "../../../src/review/explain/packet/packet-explanation.ts";
import { packetSchema } from "../../../src/review/schemas/packet.ts";
import { hasControls } from "../controls.ts";
import { explainHere } from "../explain-here.ts";
import { runCli, workspace } from "../run-cli.ts";
import { packetState } from "./packet-states.ts";

const golden = new URL("../../../golden/", import.meta.url).pathname;
const state = join(workspace({ "state.yaml": packetState }), "state.yaml");
const stateFlags = ["-f", state, "--node", "node1"];

const caseFlags = (name: string): readonly string[] => ["-f", join(golden, name, "cluster.yaml")];
const asked = (from: string, to: string): readonly string[] => ["--from", from, "--to", to];

async function explain(args: readonly string[]): Promise<PacketExplanation> {
  const { stdout, stderr, code } = await explainHere([...args, "-o", "json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function refusal(args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const { stdout, stderr, code } = await explainHere(args);
  expect(stdout).toBe("");
  return { code, stderr };
}

describe("explain packet -o json", () => {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
  const validate = ajv.compile(packetSchema);

  it.each([
    ["iptables", "affinity-clientip", "10.0.1.5", "10.96.0.50:80"],
    ["ipvs", "affinity-clientip", "10.0.1.5", "10.96.0.50:80"],
    ["iptables", "endpoints-none", "internet", "192.0.2.10:30080"],
    ["iptables", "nodeport-local-policy", "node", "192.0.2.10:30080"],
    ["ipvs", "nodeport-local-policy", "internet", "192.0.2.10:22"],
  ])("keeps to the schema: %s %s %s %s", async (mode, name, from, to) => {
    validate(await explain([...asked(from, to), ...caseFlags(name), "--mode", mode]));
    expect(validate.errors).toBeNull();
  });

  it("holds exact shares, the rules by number, and why they are there", async () => {
    const { outcomes, ...rest } = await explain([
      ...asked("10.0.9.9", "10.96.0.50:80"),
      ...caseFlags("affinity-clientip"),
    ]);
    expect(rest).toMatchObject({ apiVersion: "portolan/v1alpha1", kind: "PacketExplanation", node: "node1" });
    expect(outcomes.map(({ exact }) => exact)).toEqual([
      "715827883/2147483648",
      "1431655765/4294967296",
      "1431655765/4294967296",
    ]);
    const hop = outcomes[0]?.hops.find(({ chain }) => chain === "KUBE-SERVICES");
    expect(hop).toMatchObject({
      table: "nat",
      rule: 1,
      object: "Service default/cart",
      field: "spec.clusterIP",
      source: { line: 14, column: 14 },
      file: "iptables.restore",
      goesTo: "KUBE-SVC-EE4FE7XDP64QLQLA",
    });
    expect(hop?.because).toMatch(/^Service default\/cart spec\.clusterIP \(.*cluster\.yaml:14:14\)$/);
  });
});

describe("how a packet comes to the node", () => {
  it.each([
    ["192.0.2.10", "node"],
    ["127.0.0.1", "node"],
    ["10.0.1.99", "pod"],
    ["10.0.2.99", "outside"],
    ["203.0.113.9", "outside"],
  ])("from %s alone: %s", async (from, entry) => {
    expect((await explain([...asked(from, "10.96.0.20:80"), ...stateFlags])).packet).toMatchObject({ from, entry });
  });

  it("--entry stands over that", async () => {
    const { packet } = await explain([...asked("203.0.113.9", "10.96.0.20:80"), "--entry", "pod", ...stateFlags]);
    expect(packet.entry).toBe("pod");
  });

  it.each([
    ["pod/shop/web-a", { from: "10.0.1.5", entry: "pod", fromName: "pod shop/web-a" }],
    ["pod/shop/web-b", { from: "10.0.2.6", entry: "outside", fromName: "pod shop/web-b" }],
    ["pod/tools/shell", { from: "10.0.1.77", entry: "pod", fromName: "pod tools/shell" }],
    ["node", { from: "192.0.2.10", entry: "node", fromName: "node node1" }],
  ])("from %s", async (from, packet) => {
    expect((await explain([...asked(from, "10.96.0.20:80"), ...stateFlags])).packet).toMatchObject(packet);
  });

  it("internet is a documentation address that no node or pod has", async () => {
    const { packet } = await explain([...asked("internet", "10.96.0.20:80"), ...stateFlags]);
    expect(packet).toMatchObject({ from: "198.51.100.8", entry: "outside" });
    const { packet: v6 } = await explain([...asked("internet", "[fd00:96::20]:80"), ...stateFlags]);
    expect(v6.from).toBe("2001:db8::7");
  });

  it("of an address of which nothing tells whether a pod has it, that is said", async () => {
    const { assumptions } = await explain([...asked("10.0.1.5", "10.96.0.50:80"), ...caseFlags("affinity-clientip")]);
    expect(assumptions.join()).toContain("10.0.1.5 is taken for one outside");
  });
});

describe("what a packet is sent to", () => {
  it("a Service is its cluster IP of the family of the source", async () => {
    const v4 = await explain([...asked("10.0.1.77", "svc/shop/web"), ...stateFlags]);
    expect(v4.packet).toMatchObject({ to: "10.96.0.20:80", service: "shop/web:http", protocol: "tcp" });
    const v6 = await explain([...asked("fd00:1::99", "svc/shop/web:80"), ...stateFlags]);
    expect(v6.packet.to).toBe("[fd00:96::20]:80");
    expect(v6.outcomes[0]).toMatchObject({ destination: "[fd00:1::5]:8080", pod: "shop/web-a", podNode: "node1" });
  });

  it("a port may be told by its protocol", async () => {
    const { packet } = await explain([...asked("10.0.1.77", "svc/shop/dns:53"), "--proto", "udp", ...stateFlags]);
    expect(packet).toMatchObject({ to: "10.96.0.53:53", protocol: "udp", service: "shop/dns:dns" });
  });

  it.each([
    [
      "svc/shop/dns",
      "shop/dns has several ports: dns (53/UDP), dns-tcp (53/TCP), metrics (9153/TCP); say which, as in svc/shop/dns:dns",
    ],
    ["svc/shop/dns:53", "say which, as in --proto"],
    ["svc/shop/dns:54", "shop/dns has no port 54; it has: dns (53/UDP), dns-tcp (53/TCP), metrics (9153/TCP)"],
    ["svc/shop/db", "shop/db is headless"],
    ["svc/shop/mail", "shop/mail is an ExternalName Service"],
    ["svc/shop/wbe", "there is no Service shop/wbe; did you mean shop/web?"],
    ["svc/default/web", "there is no Service default/web; did you mean shop/web?"],
    ["[fd00:96::20]:80", "a source of IPv4 sends nothing to fd00:96::20"],
  ])("%s is refused", async (to, message) => {
    const { code, stderr } = await refusal([...asked("10.0.1.77", to), ...stateFlags]);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("a Service without a cluster IP of the source's family is refused", async () => {
    const { code, stderr } = await refusal([...asked("fd00:1::5", "svc/shop/dns:metrics"), ...stateFlags]);
    expect(stderr).toContain("the source speaks IPv6, but shop/dns has only a cluster IP of IPv4");
    expect(code).toBe(2);
  });

  it("a pod that is not there is refused, with the nearest", async () => {
    const { code, stderr } = await refusal([...asked("pod/shop/web-x", "10.96.0.20:80"), ...stateFlags]);
    expect(stderr).toMatch(/no address is known of pod shop\/web-x; did you mean shop\/web-[ab]\?/);
    expect(code).toBe(2);
  });

  it.each(["10.96.0.20", "svc/web", "10.96.0.20:99999", "example.com:80", "svc/a/b/c"])(
    "--to %s is usage",
    async (to) => {
      expect((await refusal([...asked("node", to), ...stateFlags])).code).toBe(2);
    },
  );
});

describe("explain packet as text", () => {
  it("tells the way hop by hop within 80 columns", async () => {
    const args = [
      "explain",
      "packet",
      ...asked("pod/shop/web-a", "svc/shop/web"),
      "-f",
      "state.yaml",
      "--node",
      "node1",
    ];
    const { stdout } = await runCli(args, { cwd: workspace({ "state.yaml": packetState }) });
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(stdout).toMatchInlineSnapshot(`
      "TCP from pod shop/web-a (10.0.1.5) to shop/web:http (10.96.0.20:80), from a pod
        of this node; on node1, iptables mode

        nat PREROUTING 1: every packet: go on in KUBE-SERVICES
        nat KUBE-SERVICES 1: to 10.96.0.20, TCP, to port 80: go on in
            KUBE-SVC-67NZLRHBNDSAWJRO
            -d 10.96.0.20 -p tcp --dport 80 -j KUBE-SVC-67NZLRHBNDSAWJRO
            Service shop/web spec.clusterIP (state.yaml:23:16)
        by chance, one of 2:
            50 %  10.0.1.5:8080  pod shop/web-a on node1
                  by KUBE-SVC-67NZLRHBNDSAWJRO 1 and KUBE-SEP-3SHOAZZXKXAESXYF 2
                  EndpointSlice shop/web-v4 endpoints[0].addresses[0]
                  (state.yaml:55:3)
                  nat KUBE-SEP-3SHOAZZXKXAESXYF 1: from 10.0.1.5: mark to be
                      masqueraded
                      -s 10.0.1.5 -j KUBE-MARK-MASQ
                      EndpointSlice shop/web-v4 endpoints[0].addresses[0]
                      (state.yaml:55:3)
                  nat KUBE-MARK-MASQ 1: every packet: set bits 0x4000 of the mark
          then:
            filter FORWARD 1: nothing for it in KUBE-PROXY-FIREWALL
            filter FORWARD 2: every packet: go on in KUBE-FORWARD
            filter KUBE-FORWARD 2: with mark 0x4000: accept, and ask no further rules
                of this table
            nat POSTROUTING 1: every packet: go on in KUBE-POSTROUTING
            nat KUBE-POSTROUTING 2: every packet: flip bits 0x4000 of the mark
            nat KUBE-POSTROUTING 3: every packet: masquerade: replace the source with
                this node's address, its port by chance
            50 %  10.0.2.6:8080  pod shop/web-b on node2
                  by KUBE-SVC-67NZLRHBNDSAWJRO 2 and KUBE-SEP-R4QTTE4PCWNRAWFL 2
                  EndpointSlice shop/web-v4 endpoints[1].addresses[0]
                  (state.yaml:56:3)
          then:
            filter FORWARD 1, 2, 3, 4: nothing for it in KUBE-PROXY-FIREWALL,
                KUBE-FORWARD, KUBE-SERVICES, KUBE-EXTERNAL-SERVICES
            nat POSTROUTING 1: every packet: go on in KUBE-POSTROUTING
            nat KUBE-POSTROUTING 1: without mark 0x4000: leave this chain

      Result
           50 %  delivered to 10.0.1.5:8080 (pod shop/web-a on node1); it comes back
                 to the pod it is from (hairpin); its source address becomes the
                 node's (masquerade)
           50 %  delivered to 10.0.2.6:8080 (pod shop/web-b on node2); its source
                 address is kept

      Not looked at
        - the way from node1 to the endpoint: routes, NetworkPolicy, rules of other
          nodes
      "
    `);
  });

  it("says what affinity does, and what it remembers", async () => {
    const flags = [...asked("203.0.113.9", "svc/default/cart"), ...caseFlags("affinity-clientip")];
    const first = await explainHere(flags);
    expect(first.stdout.replace(/\s+/g, " ")).toContain("the client then stays at its endpoint for 10800 s");
    const again = await explainHere([...flags, "--remembered", "10.0.2.6:8080", "--expect", "10.0.2.6:8080 100%"]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("remembers the client there");
    const { code, stderr } = await refusal([...flags, "--remembered", "10.0.2.6:8081"]);
    expect(stderr).toContain("nothing here keeps a client at 10.0.2.6:8081");
    expect(code).toBe(2);
  });

  it("in ipvs mode the virtual server is a hop", async () => {
    const flags = [...asked("203.0.113.9", "svc/default/cart"), ...caseFlags("affinity-clientip"), "--mode", "ipvs"];
    const { stdout } = await explainHere(flags);
    expect(stdout).toContain("ipvs 10.96.0.50:80: virtual server, scheduler rr, 3 of 3 real servers take");
    expect(stdout).toContain("    33.3 %  10.0.2.6:8080");
    const again = await explainHere([...flags, "--remembered", "10.0.3.7:8080", "--expect", "10.0.3.7:8080"]);
    expect(again.code).toBe(0);
  });

  it("what is already established meets no nat rule, and that is said", async () => {
    const flags = [...asked("203.0.113.9", "svc/shop/web"), ...stateFlags, "--state", "established"];
    const { stdout } = await explainHere([...flags, "--expect", "untouched"]);
    expect(stdout.replace(/\s+/g, " ")).toContain("nat is asked for the first packet only");
    const marked = await explainHere([...asked("203.0.113.9", "192.0.2.10:22"), ...stateFlags, "--mark", "0x4000"]);
    expect(marked.stdout).toContain("with mark 0x4000");
  });

  it("names of pods never reach the terminal as they are", async () => {
    const hostile = packetState.replaceAll("name: web-a", 'name: "a\\e[31m\\nb\\u202e"');
    const file = join(workspace({ "state.yaml": hostile }), "state.yaml");
    for (const output of ["text", "json", "mermaid", "dot"]) {
      const { stdout } = await explainHere([
        ...asked("node", "svc/shop/web"),
        "-f",
        file,
        "--node",
        "node1",
        "-o",
        output,
      ]);
      expect(stdout).toContain("10.0.1.5:8080");
      expect(hasControls(stdout)).toBe(false);
    }
  });
});

describe("pictures", () => {
  it.each(["mermaid", "dot"])("%s shows the chains with shares", async (output) => {
    const { stdout } = await explainHere([...asked("10.0.9.9", "svc/shop/web"), ...stateFlags, "-o", output]);
    expect(stdout).toContain(output === "dot" ? "digraph" : "flowchart LR");
    expect(stdout).toMatch(/50 %, rule 1/);
    expect(stdout).toContain("10.0.2.6:8080, pod shop/web-b");
  });
});

describe("--expect", () => {
  const flags = [...asked("10.0.9.9", "svc/shop/web"), ...stateFlags];

  it.each([
    "delivered",
    "10.0.1.5:8080 50% | 10.0.2.6:8080 50%, masqueraded",
    "10.0.1.5:8080 | 10.0.2.6:8080 50 %",
    "delivered 100%, masqueraded",
  ])("%s is met", async (text) => {
    const { code, stderr, stdout } = await explainHere([...flags, "--proxy-config", masqueradeAll(), "--expect", text]);
    expect({ code, stderr: stderr.includes("expected") }).toEqual({ code: 0, stderr: false });
    expect(stdout).toContain("Result");
  });

  it.each([
    "rejected",
    "10.0.1.5:8080",
    "10.0.1.5:8080 33% | 10.0.2.6:8080",
    "delivered, masqueraded",
    "dropped | delivered",
  ])("%s is not met, and what was got is said", async (text) => {
    const { code, stderr } = await explainHere([...flags, "--expect", text]);
    expect(code).toBe(1);
    const got = "10.0.1.5:8080 50% source kept | 10.0.2.6:8080 50% source kept";
    expect(stderr).toContain(`expected: ${text}\ngot:      ${got}\n`);
  });

  it("what it does not understand is usage", async () => {
    expect((await refusal([...flags, "--expect", "deliverd"])).code).toBe(2);
    expect((await refusal([...flags, "--expect", "delivered, twice"])).code).toBe(2);
  });
});

function masqueradeAll(): string {
  const kind = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
  return join(workspace({ "c.yaml": `${kind}iptables: {masqueradeAll: true}\n` }), "c.yaml");
}

describe("the command as a process", () => {
  it("wrong input: exit 3, and nothing on stdout", async () => {
    const result = await runCli(["explain", "packet", ...asked("node", "10.96.0.20:80"), "-f", "-"], { stdin: "a: [" });
    expect(result).toMatchObject({ code: 3, stdout: "" });
  });

  it("without rules to ask: usage", async () => {
    const result = await runCli(["explain", "packet", ...asked("node", "10.96.0.20:80")]);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).toContain("say which rules: -f STATE, --live, or --actual DUMP");
  });

  it("flags after it are its own, not those of explain", async () => {
    const args = ["explain", "packet", ...asked("node", "svc/shop/web"), ...stateFlags, "-o", "json"];
    const { stdout, code } = await runCli(args);
    expect(JSON.parse(stdout).kind).toBe("PacketExplanation");
    expect(code).toBe(0);
  });
});
