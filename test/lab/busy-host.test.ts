import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { withoutCounts } from "./loaded-rules.ts";
import { type Backend, whyNoKernel } from "./needs.ts";
import { cliPath, openTestNode, type TestNode } from "./test-node.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "xtables-legacy-multi", "xtables-nft-multi"]);

/** Each time another rule: no two readings are equal by chance. */
const ours = `i=0; while :; do i=$(((i + 1) % 60000)); iptables-restore -w --noflush <<EOF
*nat
:KUBE-SERVICES - [0:0]
-A KUBE-SERVICES -p tcp -m tcp --dport $i -j RETURN
COMMIT
EOF
done`;
const others =
  "while :; do iptables -w -I INPUT -s 198.51.100.9 -j ACCEPT; iptables -w -D INPUT -s 198.51.100.9 -j ACCEPT; done";

describe.each<Backend>(["legacy", "nft"])("on a busy host with iptables-%s", skipFor(reason), (backend) => {
  let node: TestNode;

  beforeAll(async () => {
    node = await openTestNode(backend);
  });
  beforeEach(() => {
    expect(node.apply("first")).toMatchObject({ code: 0 });
  });
  afterAll(() => node?.close());

  /** All rules but those of the chain that the other program changes. */
  function linesOfOthers(): readonly string[] {
    const lines = withoutCounts(node.run(["iptables-save"]).stdout).split("\n");
    return lines.filter((line) => !line.startsWith("-A KUBE-SERVICES ") && !line.startsWith("#"));
  }

  async function whileWriting<T>(script: string, act: () => T): Promise<T> {
    const writer = node.spawn(["sh", "-c", script], "ignore");
    await sleep(500);
    const result = act();
    writer.kill("SIGKILL");
    await once(writer, "exit");
    await sleep(200);
    return result;
  }

  test("beside a program that changes our rules without pause, nothing is changed", async () => {
    const start = performance.now();
    const before = linesOfOthers();
    const { code, stderr } = await whileWriting(ours, () => node.apply("second"));
    expect({ code, stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("another program keeps changing the rules of kube-proxy on this host"),
    });
    expect(stderr).not.toContain("backup");
    expect(performance.now() - start).toBeLessThan(60_000);
    expect(linesOfOthers()).toEqual(before);
    expect(node.apply("first")).toMatchObject({ code: 0 });
  });

  test("beside a program that changes other rules, the change is made", async () => {
    expect(await whileWriting(others, () => node.apply("second"))).toMatchObject({ code: 0 });
    expect(node.command("verify", "second").stdout).not.toContain("KUBE-SERVICES");
  });

  test.each([
    ["standard output", ">/dev/full", []],
    ["standard output, unconfirmed", ">/dev/full", ["--confirm-within", "5s"]],
    ["standard error", "2>/dev/full", []],
    ["both", ">/dev/full 2>/dev/full", []],
  ] as const)("a full disk for %s: exit 4, and the host is as it was", (_, redirection, flags) => {
    const before = node.saved();
    const args = ["apply", "-f", node.file("second.json"), "--backup-dir", node.file("backups"), ...flags];
    const { code, stderr } = node.run([
      "sh",
      "-c",
      `exec ${process.execPath} ${cliPath} ${args.join(" ")} ${redirection}`,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 4 });
    if (redirection === ">/dev/full") expect(stderr).toContain("cannot write to standard output: ENOSPC");
    expect(node.saved()).toEqual(before);
  });
});

/** Of one back end, since each takes its time. */
describe("a tool hangs, and SIGTERM does not end it", skipFor(reason), () => {
  let node: TestNode;

  beforeAll(async () => {
    node = await openTestNode("nft");
  });
  beforeEach(() => {
    expect(node.apply("first")).toMatchObject({ code: 0 });
  });
  afterAll(() => node?.close());

  test.each([
    ["hang", "SIGINT", 130],
    ["hang-after", "SIGTERM", 143],
    ["hang", "SIGHUP", 130],
  ] as const)("%s: %s is heard, and the host is led back", async (fault, signal, code) => {
    const before = node.saved();
    const start = performance.now();
    const child = node.start(["apply", "-f", node.file("second.json"), "--backup-dir", node.file("backups")], {
      env: { FAULT: fault, FAULT_AT: "2" },
    });
    let said = "";
    child.stderr?.on("data", (data: Buffer) => {
      said += data;
    });
    while (!said.includes("--restore")) await sleep(20);
    await sleep(1500);
    child.kill(signal);
    const [ended] = await once(child, "exit");
    expect({ ended, said }).toMatchObject({
      ended: code,
      said: expect.stringContaining("rolled back to its previous state"),
    });
    expect(node.saved()).toEqual(before);
    expect(performance.now() - start).toBeLessThan(40_000);
  });

  test("a tool that hangs is ended by itself, and the host is led back", () => {
    const before = node.saved();
    const { code, stderr } = node.apply("second", [], { env: { FAULT: "hang-after", FAULT_AT: "1" } });
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining("no response within 30 s") });
    expect(node.saved()).toEqual(before);
  });

  test("a tool that hangs while the host is read: nothing is changed", () => {
    const before = node.saved();
    const { code, stderr } = node.apply("second", [], { env: { FAULT_SAVE: "1", FAULT_HANG: "1" } });
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("no response within 30 s") });
    expect(node.saved()).toEqual(before);
  });
});
