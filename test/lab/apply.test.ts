import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import type { rulesIn } from "./loaded-rules.ts";
import { type Backend, whyNoKernel } from "./needs.ts";
import { openTestNode, type TestNode } from "./test-node.ts";
import { clientsLeft, dnsState, insertFlows } from "./udp-flows.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

const conntrackReason = whyNoKernel(["conntrack"]);

describe.each<Backend>(["legacy", "nft"])("on a host with iptables-%s", skipFor(reason), (backend) => {
  let node: TestNode;

  beforeAll(async () => {
    node = await openTestNode(backend);
  });
  afterAll(() => node?.close());

  test("plan, apply, verify, cleanup: what was there before is there again", () => {
    const before = { ...node.saved(), foreign: node.foreignLines() };
    expect(node.command("plan", "first")).toMatchObject({ code: 1, stderr: "" });
    expect(node.apply("first")).toMatchObject({ code: 0, stdout: expect.stringContaining("the host matches") });
    expect(node.command("plan", "first")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    expect(node.command("verify", "first")).toMatchObject({ code: 0, stdout: expect.stringContaining("no drift") });
    const backups = readdirSync(node.file("backups")).length;
    expect(node.apply("first")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
    expect(readdirSync(node.file("backups")).length, "nothing runs, nothing to go back to").toBe(backups);
    expect(node.apply("second")).toMatchObject({ code: 0 });
    expect(node.command("verify", "second")).toMatchObject({ code: 0 });
    expect(node.command("cleanup", undefined)).toMatchObject({ code: 0 });
    expect(withoutKubelets(node.saved().rules)).toEqual(withoutKubelets(before.rules));
    expect(node.foreignLines()).toEqual(before.foreign);
  });

  test("verify says what is wrong, whom it hurts, and --fix prints what mends it", () => {
    node.apply("first");
    const dispatch =
      /^-A KUBE-SERVICES -d 10\.96\.0\.3.*$/m.exec(node.run(["iptables-save", "-t", "nat"]).stdout)?.[0] ?? "";
    expect(node.run(["sh", "-c", `iptables -t nat ${dispatch.replace("-A", "-D")}`]).stderr).toBe("");
    node.run(["iptables", "-t", "nat", "-N", "KUBE-SVC-AAAAAAAAAAAAAAAA"]);
    node.run(["iptables", "-I", "FORWARD", "-s", "198.51.100.66", "-j", "DROP"]);
    const { code, stdout } = node.command("verify", "first");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^missing: 1 of \d+ rules of KUBE-SERVICES is missing \(nat, IPv4\)\n {2}affects shop\/web:http$/m,
    );
    expect(stdout).toMatch(
      /^extra: chain KUBE-SVC-A{16} .*should not be there \(nat, IPv4\)\n {2}affects a deleted Service$/m,
    );
    expect(stdout).toMatch(
      /^foreign-rules-first: 1 rule of other programs .* in FORWARD \(filter, IPv4\)\n(?: {2}.*\n)+.*198\.51\.100\.66\/32 -j DROP$/m,
    );
    node.run(["iptables", "-D", "FORWARD", "-s", "198.51.100.66", "-j", "DROP"]);
    const script = node.command("verify", "first", ["--fix"]);
    expect(script.code).toBe(1);
    expect(node.run(["sh"], { input: script.stdout })).toMatchObject({ code: 0, stderr: "" });
    expect(node.command("drift", "first")).toMatchObject({ code: 0 });
  });

  test("a saved plan is exactly what runs; one that is stale or edited is refused", () => {
    node.apply("first");
    const plan = node.file("node1.plan");
    expect(node.command("plan", "second", ["--out", plan])).toMatchObject({ code: 1 });
    const text = readFileSync(plan, "utf8");
    writeFileSync(node.file("edited.plan"), text.replace("10.244.1.6", "10.244.1.9"));
    expect(node.command("apply", undefined, [node.file("edited.plan")])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("create a new plan instead"),
    });
    node.apply("second");
    node.apply("first");
    expect(node.command("apply", undefined, [plan]), "the host is again as it was").toMatchObject({ code: 0 });
    expect(node.command("verify", "second")).toMatchObject({ code: 0 });
    expect(node.command("apply", undefined, [plan])).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("stale"),
    });
  });

  test("dry runs change nothing, whatever they are of", () => {
    node.apply("first");
    const before = node.saved();
    const plan = node.file("dry.plan");
    node.command("plan", "second", ["--out", plan]);
    expect(node.apply("second", ["--dry-run", "host"])).toMatchObject({ code: 0 });
    expect(node.apply("second", ["--dry-run", "client"])).toMatchObject({ code: 0 });
    expect(node.command("apply", undefined, [plan, "--dry-run", "host"])).toMatchObject({ code: 0 });
    expect(node.command("apply", undefined, [plan, "--dry-run", "client"])).toMatchObject({ code: 2 });
    expect(node.command("cleanup", undefined, ["--dry-run"])).toMatchObject({ code: 0 });
    expect(node.saved()).toEqual(before);
  });

  test("kube-proxy runs here: refused, unless told otherwise", async () => {
    node.apply("first");
    const other = node.start(["--version"]);
    await once(other, "exit");
    node.run(["sh", "-c", `cp ${process.execPath} ${node.file("kube-proxy")}`]);
    const holder = node.run([
      "sh",
      "-c",
      `${node.file("kube-proxy")} -e "setTimeout(() => {}, 20000)" >/dev/null 2>&1 & echo $!`,
    ]);
    expect(node.apply("second")).toMatchObject({ code: 4, stderr: expect.stringContaining("is a kube-proxy") });
    expect(node.apply("second", ["--replace-kube-proxy"])).toMatchObject({ code: 0 });
    node.run(["kill", holder.stdout.trim()]);
  });

  test("a set or chain of others that leads to ours: ours is emptied, theirs stays", () => {
    node.apply("first");
    node.run(["iptables", "-t", "nat", "-A", "DOCKER", "-d", "10.96.0.99", "-j", "KUBE-MARK-MASQ"]);
    expect(node.command("cleanup", undefined)).toMatchObject({ code: 0 });
    expect(node.run(["iptables-save", "-t", "nat"]).stdout).toContain("-A DOCKER -d 10.96.0.99/32 -j KUBE-MARK-MASQ");
    expect(node.command("cleanup", undefined)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("nothing to do"),
    });
    node.run(["iptables", "-t", "nat", "-D", "DOCKER", "-d", "10.96.0.99", "-j", "KUBE-MARK-MASQ"]);
    expect(node.command("cleanup", undefined)).toMatchObject({ code: 0 });
  });

  test("UDP connections to an endpoint that is gone are forgotten, no others", skipFor(conntrackReason), () => {
    writeFileSync(node.file("before.json"), dnsState("10.244.1.5"));
    writeFileSync(node.file("after.json"), dnsState("10.244.1.6"));
    expect(node.apply("before").code).toBe(0);
    insertFlows(node.run);
    expect(node.apply("after")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("delete 1 conntrack entry "),
    });
    expect(clientsLeft(node.run)).toEqual(["10.244.1.10", "10.244.1.11"]);
    expect(node.apply("after")).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing to do") });
  });

  test("cleanup takes kube-proxy's flush detectors as well", () => {
    node.apply("first");
    for (const table of ["mangle", "nat", "filter"]) node.run(["iptables", "-t", table, "-N", "KUBE-PROXY-CANARY"]);
    expect(node.command("verify", "first"), "it is kube-proxy's, and no drift").toMatchObject({ code: 0 });
    expect(node.command("cleanup")).toMatchObject({ code: 0 });
    expect(node.run(["iptables-save"]).stdout).not.toContain("KUBE-PROXY-CANARY");
  });

  test("a backup can be gone back to when rules of others have come and gone meanwhile", () => {
    node.apply("first");
    const rules = [
      ["-t", "nat", "PREROUTING", "-s", "198.51.100.1"],
      ["-t", "filter", "FORWARD", "-s", "198.51.100.2"],
    ].map(([flag = "", table = "", chain = "", ...match]) => ({ table: [flag, table], chain, match }));
    for (const { table, chain, match } of rules) {
      node.run(["iptables", ...table, "-I", chain, ...match, "-j", "ACCEPT"]);
    }
    const backup = /--restore (\S+)/.exec(node.apply("second").stderr)?.[1] ?? "";
    for (const { table, chain, match } of rules) {
      node.run(["iptables", ...table, "-D", chain, ...match, "-j", "ACCEPT"]);
    }
    node.run(["iptables", "-I", "OUTPUT", "-d", "198.51.100.3", "-j", "ACCEPT"]);
    expect(node.command("apply", undefined, ["--restore", backup])).toMatchObject({ code: 0 });
    expect(node.command("plan", "first")).toMatchObject({ code: 0 });
    node.run(["iptables", "-D", "OUTPUT", "-d", "198.51.100.3", "-j", "ACCEPT"]);
  });

  test("what collect and its script print is the same host", () => {
    node.apply("first");
    const direct = node.portolan(["collect"]);
    const script = node.run(["sh"], { input: node.portolan(["collect", "--script"]).stdout });
    expect(script.code).toBe(0);
    for (const [name, text] of Object.entries({ direct: direct.stdout, script: script.stdout })) {
      writeFileSync(node.file(`${name}.txt`), text);
      expect(node.command("verify", "first", ["--actual", node.file(`${name}.txt`)]), name).toMatchObject({ code: 0 });
      expect(node.command("plan", "second", ["--actual", node.file(`${name}.txt`)]), name).toMatchObject({ code: 1 });
    }
    writeFileSync(node.file("cut.txt"), direct.stdout.slice(0, -20));
    expect(node.command("verify", "first", ["--actual", node.file("cut.txt")])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("truncated"),
    });
  });
});

/** The kubelet's chain stays where a kubelet is, with what leads to it. */
function withoutKubelets(rules: ReturnType<typeof rulesIn>): unknown {
  const chains = [...rules].filter(([chain]) => !chain.includes("KUBE-FIREWALL"));
  const others = chains.map(
    ([chain, lines]) => [chain, lines.filter((line) => !line.includes("KUBE-FIREWALL"))] as const,
  );
  return new Map(others.filter(([, lines]) => lines.length > 0));
}
