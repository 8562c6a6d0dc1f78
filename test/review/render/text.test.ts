import { describe, expect, it } from "vitest";
import { renderText } from "../../../src/report/diff/text.ts";
import { hasControls } from "../../cli/controls.ts";
import { balanced, change, cosmeticDiff, diffOf, emptyDiff, nodeRules, rejected } from "./diffs.ts";
import { hostileDiff } from "./hostile.ts";
import { largeDiff, smallDiff } from "./samples.ts";

const lines = (text: string): readonly string[] => text.trimEnd().split("\n");

describe("renderText", () => {
  it("says per service what changes, where it stands and which packet shows it", () => {
    const lost = smallDiff.changes.filter(({ service }) => service === "shop/checkout:grpc");
    expect(renderText(diffOf([...lost, change()]), { detail: "services" })).toBe(
      `2 Services change on 3 nodes                       + added  ~ changed  - removed

- shop/checkout:grpc  10.96.100.2:9090/TCP  no endpoints left
    - 10.244.2.7:9090  (pod checkout-a, node n2)        deploy/checkout.yaml:8:5
    ! connections are now rejected (icmp-port-unreachable)
    example  tcp 10.244.1.5 -> 10.96.100.2:9090
             was: 10.244.2.7:9090   now: rejected
~ shop/web:http       10.96.4.20:80/TCP     endpoints 3 -> 2
    - 10.244.3.4:8080  (pod web-c, node n3)                deploy/web.yaml:21:13
    traffic per endpoint 33.3% -> 50%

Rules per node: 2 added, 1 changed, 3 removed (--detail rules shows them)
assumed: routing and NetworkPolicy beyond a node are not looked at
`,
    );
  });

  it("puts source and example packet in one line where the terminal is wide", () => {
    const text = renderText(smallDiff, { detail: "services", columns: 120 });
    expect(text).toMatch(/^~ shop\/web:http +10\.96\.4\.20:80\/TCP +endpoints 3 -> 2 +deploy\/web\.yaml:21:13$/m);
    expect(text).toMatch(/^ {4}example {2}tcp 10\.244\.1\.5 -> 10\.96\.100\.2:9090 {3}was: \S+ {3}now: rejected$/m);
  });

  it("has every address and share at the level of traffic", () => {
    const text = renderText(diffOf([change()]), { detail: "traffic" });
    expect(text).toContain(`    from any source                            before    after
      10.244.1.2:8080                           33.3%      50%
      10.244.2.3:8080                           33.3%      50%
    - 10.244.3.4:8080  (pod web-c, node n3)     33.3%        -
`);
    expect(renderText(smallDiff, { detail: "traffic" })).toContain("from pods of this node  unchanged");
  });

  it("has the lines of each chain at the level of rules", () => {
    const text = renderText(smallDiff, { detail: "rules" });
    expect(text).toContain(
      "Rules on each of 3 nodes: 2 added, 1 changed, 3 removed\n\nnat KUBE-SVC-WEB (IPv4)\n  - -A ",
    );
    expect(text).toContain("nat KUBE-SEP-C (IPv4): removed\n");
    expect(text).toContain("nat KUBE-SEP-OLD (IPv4): the same rules, renamed to KUBE-SEP-NEW\n");
  });

  it("says so where no packet is treated differently", () => {
    expect(renderText(emptyDiff, { detail: "services" })).toBe("No packet is treated differently.\n");
    expect(renderText(cosmeticDiff, { detail: "services" })).toMatch(
      /^No packet is treated differently\.\n\n412 lines moved\n/,
    );
  });

  it.each(["services", "traffic", "rules"] as const)("fits 80 columns: %s", (detail) => {
    for (const diff of [smallDiff, largeDiff(60)])
      for (const line of lines(renderText(diff, { detail })))
        if (!/ -A /.test(line)) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it("ends no line with a blank, and paints without moving anything", () => {
    const bare = renderText(smallDiff, { detail: "traffic" });
    expect(bare).not.toMatch(/ $/m);
    const painted = renderText(smallDiff, { detail: "traffic", paint: (style, text) => `<${style}>${text}</>` });
    expect(painted.replace(/<(?:\w+|\/)>/g, "").replace(/ +$/gm, "")).toBe(bare);
    expect(painted).toContain("<red>- 10.244.3.4:8080</>");
  });

  it("lets no control character of a name through", () => {
    for (const detail of ["services", "traffic", "rules"] as const)
      expect(hasControls(renderText(hostileDiff, { detail }))).toBe(false);
  });

  it("names the nodes where not all change, and each group whose rules differ", () => {
    const some = change({ nodes: ["n1", "n3"] });
    const rules = [nodeRules({ nodes: ["n1"] }), nodeRules({ nodes: ["n2", "n3"], added: 7 })];
    const text = renderText(diffOf([some], { rules }), { detail: "services" });
    expect(text).toContain("1 Service changes on 2 nodes");
    expect(text).toContain("    on 2 of 3 nodes: n1 and n3\n");
    expect(text).toContain("Rules on n1: 2 added, 1 changed, 3 removed\nRules on n2 and n3: 7 added");
  });

  it("tells the modes apart where they differ", () => {
    const text = renderText(diffOf([change()], { head: { name: "base.yaml", mode: "ipvs" } }), { detail: "services" });
    expect(text).toMatch(/^base\.yaml \(iptables mode\) -> base\.yaml \(ipvs mode\)\n/);
  });

  it("compares each class with what held for its sources before", () => {
    const before = [balanced(["10.244.1.2:80"])];
    const after = [balanced(["10.244.1.2:80"], "203.0.113.0/24"), { from: "other sources", outcomes: [rejected] }];
    const text = renderText(diffOf([change({ before, after })]), { detail: "traffic" });
    expect(text).toContain("from 203.0.113.0/24  unchanged\n");
    expect(text).toMatch(/from other sources +before +after\n +- 10\.244\.1\.2:80 +100% +-\n +\+ rejected +- +100%\n/);
  });
});
