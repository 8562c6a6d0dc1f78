import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { hasControls } from "../../../harness/controls.ts";
import { runCli, workspace } from "../../../harness/run-cli.ts";
import { explainInProcess } from "../../../harness/run-in-process.ts";
import { asked, caseFlags, refusal, stateFlags } from "./ask-packet.ts";
import { packetState } from "./packet-states.ts";

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

        nat PREROUTING 1: every packet: jump to KUBE-SERVICES
        nat KUBE-SERVICES 1: to 10.96.0.20, TCP, to port 80: jump to
            KUBE-SVC-67NZLRHBNDSAWJRO
            -d 10.96.0.20 -p tcp --dport 80 -j KUBE-SVC-67NZLRHBNDSAWJRO
            Service shop/web spec.clusterIP (state.yaml:23:16)
        at random, one of 2:
             50%  10.0.1.5:8080  pod shop/web-a on node1
                  by KUBE-SVC-67NZLRHBNDSAWJRO 1 and KUBE-SEP-3SHOAZZXKXAESXYF 2
                  EndpointSlice shop/web-v4 endpoints[0].addresses[0]
                  (state.yaml:55:3)
                  nat KUBE-SEP-3SHOAZZXKXAESXYF 1: from 10.0.1.5: mark for masquerade
                      -s 10.0.1.5 -j KUBE-MARK-MASQ
                      EndpointSlice shop/web-v4 endpoints[0].addresses[0]
                      (state.yaml:55:3)
                  nat KUBE-MARK-MASQ 1: every packet: set bits 0x4000 of the mark
          then:
            filter FORWARD 1: no rule in KUBE-PROXY-FIREWALL matches
            filter FORWARD 2: every packet: jump to KUBE-FORWARD
            filter KUBE-FORWARD 2: with mark 0x4000: accept, and skip the remaining
                rules of this table
            nat POSTROUTING 1: every packet: jump to KUBE-POSTROUTING
            nat KUBE-POSTROUTING 2: every packet: flip bits 0x4000 of the mark
            nat KUBE-POSTROUTING 3: every packet: masquerade: SNAT to this node's
                address, random source port
             50%  10.0.2.6:8080  pod shop/web-b on node2
                  by KUBE-SVC-67NZLRHBNDSAWJRO 2 and KUBE-SEP-R4QTTE4PCWNRAWFL 2
                  EndpointSlice shop/web-v4 endpoints[1].addresses[0]
                  (state.yaml:56:3)
          then:
            filter FORWARD 1, 2, 3, 4: no rule in KUBE-PROXY-FIREWALL, KUBE-FORWARD,
                KUBE-SERVICES, KUBE-EXTERNAL-SERVICES matches
            nat POSTROUTING 1: every packet: jump to KUBE-POSTROUTING
            nat KUBE-POSTROUTING 1: without mark 0x4000: return from this chain

      Result
            50%  delivered to 10.0.1.5:8080 (pod shop/web-a on node1); it returns to
                 the sending pod (hairpin); client IP is not preserved (SNAT to the
                 node's IP)
            50%  delivered to 10.0.2.6:8080 (pod shop/web-b on node2); client IP is
                 preserved

      Not evaluated
        - the path from node1 to the endpoint: routes, NetworkPolicy, rules of other
          nodes
      "
    `);
  });

  it("says what affinity does, and what it remembers", async () => {
    const flags = [...asked("203.0.113.9", "svc/default/cart"), ...caseFlags("affinity-clientip")];
    const first = await explainInProcess(flags);
    expect(first.stdout.replace(/\s+/g, " ")).toContain(
      "session affinity then keeps the client at its endpoint for 10800 s",
    );
    const again = await explainInProcess([...flags, "--remembered", "10.0.2.6:8080", "--expect", "10.0.2.6:8080 100%"]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("keeps the client there for another");
    const { code, stderr } = await refusal([...flags, "--remembered", "10.0.2.6:8081"]);
    expect(stderr).toContain("no session affinity to 10.0.2.6:8081");
    expect(code).toBe(2);
  });

  it("in ipvs mode the virtual server is a hop", async () => {
    const flags = [...asked("203.0.113.9", "svc/default/cart"), ...caseFlags("affinity-clientip"), "--mode", "ipvs"];
    const { stdout } = await explainInProcess(flags);
    expect(stdout).toContain("ipvs 10.96.0.50:80: virtual server, scheduler rr, 3 of 3 real servers take");
    expect(stdout).toContain("    33.3%  10.0.2.6:8080");
    const again = await explainInProcess([...flags, "--remembered", "10.0.3.7:8080", "--expect", "10.0.3.7:8080"]);
    expect(again.code).toBe(0);
  });

  it("what is already established meets no nat rule, and that is said", async () => {
    const flags = [...asked("203.0.113.9", "svc/shop/web"), ...stateFlags, "--state", "established"];
    const { stdout } = await explainInProcess([...flags, "--expect", "untouched"]);
    expect(stdout.replace(/\s+/g, " ")).toContain("NAT follows the first packet of the connection");
    const marked = await explainInProcess([
      ...asked("203.0.113.9", "192.0.2.10:22"),
      ...stateFlags,
      "--mark",
      "0x4000",
    ]);
    expect(marked.stdout).toContain("with mark 0x4000");
  });

  it("names of pods never reach the terminal as they are", async () => {
    const hostile = packetState.replaceAll("name: web-a", 'name: "a\\e[31m\\nb\\u202e"');
    const file = join(workspace({ "state.yaml": hostile }), "state.yaml");
    for (const output of ["text", "json", "mermaid", "dot", "svg"]) {
      const { stdout } = await explainInProcess([
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
  it.each([
    ["mermaid", "flowchart LR"],
    ["dot", "digraph"],
    ["svg", "<svg"],
  ])("%s shows the chains with shares", async (output, start) => {
    const { stdout } = await explainInProcess([...asked("10.0.9.9", "svc/shop/web"), ...stateFlags, "-o", output]);
    expect(stdout.startsWith(start)).toBe(true);
    expect(stdout).toMatch(/50%, rule 1/);
    expect(stdout).toContain("10.0.2.6:8080, pod shop/web-b");
  });
});
