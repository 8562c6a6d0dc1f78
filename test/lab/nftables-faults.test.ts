import { once } from "node:events";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { whyNoKernel } from "./needs.ts";
import { openTestNode, type TestNode } from "./test-node.ts";

const reason = whyNoKernel(["nft", "unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

interface PlannedStep {
  readonly purpose: string;
  readonly mayFail?: boolean;
}

describe("on a host with nftables that fails", skipFor(reason), () => {
  let node: TestNode;
  const mode = (name: string): readonly string[] => ["--mode", name];
  const apply = (state: string, fault: Readonly<Record<string, string>> = {}, to = "nftables") =>
    node.apply(state, mode(to), { env: fault });
  const verify = (state: string) => node.command("verify", state, mode("nftables"));
  const stepsTo = (state: string, to: string): readonly PlannedStep[] =>
    JSON.parse(node.command("plan", state, [...mode(to), "-o", "json"]).stdout).steps;
  /** Everything on the host; the order of objects in a table is that in which they were made. */
  const held = () => {
    const tables = node.run(["nft", "-s", "list", "ruleset"]).stdout.split("\n").sort();
    return { ...node.saved(), tables: tables.filter((line) => /kube-proxy|\b(?:goto|dnat|jump|drop)\b/.test(line)) };
  };

  beforeAll(async () => {
    node = await openTestNode("legacy");
  });
  afterAll(() => node?.close());

  test.each([
    ["nftables", "nftables", ["before", "after"]],
    ["iptables", "nftables", ["after"]],
    ["nftables", "iptables", ["after"]],
  ] as const)("from mode %s to %s, every step made to fail: the host is as it was", (from, to, faults) => {
    apply("first", {}, from);
    const before = held();
    const steps = stepsTo("second", to);
    expect(steps.length).toBeGreaterThan(0);
    for (const [at, { purpose, mayFail }] of steps.entries()) {
      if (mayFail === true) continue;
      for (const fault of faults) {
        const { code, stderr } = apply("second", { FAULT: fault, FAULT_AT: String(at + 1) }, to);
        expect({ at, fault, code, stderr }).toMatchObject({
          code: 5,
          stderr: expect.stringContaining(`"${purpose}" failed`),
        });
        expect(held(), `step ${at + 1} failed ${fault}`).toEqual(before);
      }
    }
  });

  test("killed before or after any transaction: the next apply brings the host to what is wanted", () => {
    for (const fault of ["kill-before", "kill-after"]) {
      apply("first");
      for (let at = 1; at <= stepsTo("second", "nftables").length; at++) {
        apply("first");
        expect(apply("second", { FAULT: fault, FAULT_AT: String(at) })).toMatchObject({ code: 137 });
        expect(apply("second")).toMatchObject({ code: 0 });
        expect(verify("second")).toMatchObject({ code: 0 });
      }
    }
  });

  test("a tool that lies: reading back finds it, and the host is led back", () => {
    apply("first");
    const before = held();
    const { code, stderr } = apply("second", { FAULT: "lie", FAULT_AT: "1" });
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining("does not match") });
    expect(held()).toEqual(before);
  });

  test("when leading back fails as well, it says so, and --restore leads back later", () => {
    apply("first");
    const { tables } = held();
    const { code, stderr } = apply("second", { FAULT: "from-on", FAULT_AT: "2" }, "iptables");
    expect({ code, stderr }).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("the rollback failed as well"),
    });
    const backup = /--restore (\S+)/.exec(stderr)?.[1] ?? "";
    expect(existsSync(backup)).toBe(true);
    expect(node.command("apply", undefined, ["--restore", backup])).toMatchObject({ code: 0 });
    // KUBE-FIREWALL stays: it may be the kubelet's.
    expect(held().tables).toEqual(tables);
    expect(verify("first")).toMatchObject({ code: 0 });
  });

  test.each(["nothing", "part"])("where nft list ruleset exits with 0 and prints %s, nothing is touched", (as) => {
    apply("first");
    const before = held();
    for (const FAULT_SAVE of ["1", "2"]) {
      const lie = { FAULT_SAVE, FAULT_SAVE_AS: as, FAULT_SAVE_OF: "nft list ruleset" };
      expect({ FAULT_SAVE, ...apply("second", lie) }).toMatchObject({ code: 4 });
      expect(held()).toEqual(before);
    }
  });

  test("interrupted: the running transaction ends, the host is led back", async () => {
    apply("first");
    const before = held();
    const options = { env: { FAULT: "slow", FAULT_AT: "1", FAULT_SECONDS: "1" } };
    const flags = ["--mode", "nftables", "--backup-dir", node.file("backups")];
    const child = node.start(["apply", "-f", node.file("second.json"), ...flags], options);
    let [said, isSent] = ["", false];
    child.stderr?.on("data", (data: Buffer) => {
      said += data;
      if (said.includes("--restore") && !isSent) isSent = child.kill("SIGTERM");
    });
    const [ended] = await once(child, "exit");
    expect({ ended, said }).toMatchObject({
      ended: 143,
      said: expect.stringContaining("rolled back to its previous state"),
    });
    expect(held()).toEqual(before);
  });
});
