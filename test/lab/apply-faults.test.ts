import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { rulesIn, withoutCounts } from "./loaded-rules.ts";
import { type Backend, whyNoKernel } from "./needs.ts";
import { cliPath, openTestNode, stepsOf, type TestNode } from "./test-node.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

describe.each<Backend>(["legacy", "nft"])("on a host with iptables-%s that fails", skipFor(reason), (backend) => {
  let node: TestNode;

  beforeAll(async () => {
    node = await openTestNode(backend);
  });
  afterAll(() => node?.close());

  test("every step made to fail, before and after it did its work: the host is as it was", () => {
    for (const [from, to] of [
      ["first", "second"],
      ["second", "first"],
    ] as const) {
      node.apply(from);
      const before = node.saved();
      const steps = stepsOf(node.command("plan", to, ["-o", "json"]));
      expect(steps.length).toBeGreaterThan(1);
      for (const [at, { purpose }] of steps.entries()) {
        for (const fault of ["before", "after"]) {
          const { code, stderr } = node.apply(to, [], { env: { FAULT: fault, FAULT_AT: String(at + 1) } });
          expect({ at, fault, code, stderr }).toMatchObject({
            code: 5,
            stderr: expect.stringContaining(`"${purpose}" failed`),
          });
          expect(node.saved(), `step ${at + 1} failed ${fault}`).toEqual(before);
        }
      }
    }
  });

  /** A kubelet's jump behind a firewall's, and ours in between: all are to stand where they stood. */
  test("where rules of others stand before and between ours, leading back puts each where it was", () => {
    node.command("cleanup", undefined);
    node.run(["iptables", "-N", "KUBE-FIREWALL"]);
    node.run(["iptables", "-A", "INPUT", "-j", "KUBE-FIREWALL"]);
    node.apply("first");
    node.run(["iptables", "-I", "INPUT", "2", "-s", "198.51.100.1", "-j", "ACCEPT"]);
    node.run(["iptables", "-t", "nat", "-I", "OUTPUT", "1", "-d", "198.51.100.2", "-j", "ACCEPT"]);
    const before = withoutCounts(node.run(["iptables-save"]).stdout);
    for (const command of ["second", "cleanup"]) {
      for (const at of ["2", "3"]) {
        const options = { env: { FAULT: "after", FAULT_AT: at } };
        const ran =
          command === "cleanup" ? node.command("cleanup", undefined, [], options) : node.apply(command, [], options);
        expect({ command, at, ...ran }).toMatchObject({ code: 5 });
        expect(linesOf(withoutCounts(node.run(["iptables-save"]).stdout))).toEqual(linesOf(before));
      }
    }
    node.run(["iptables", "-D", "INPUT", "-s", "198.51.100.1", "-j", "ACCEPT"]);
    node.run(["iptables", "-t", "nat", "-D", "OUTPUT", "-d", "198.51.100.2", "-j", "ACCEPT"]);
  });

  test("rules of ours that stand twice are mended", () => {
    node.apply("first");
    const before = node.saved();
    const rules = node.run(["iptables-save"]).stdout.split("\n");
    for (const table of ["filter", "nat"]) {
      const from = rules.indexOf(`*${table}`);
      // What leads to the kubelet's chain, and stands in it, is the kubelet's to say.
      const ours = rules
        .slice(from, rules.indexOf("COMMIT", from))
        .filter((line) => /^-A (KUBE-\S+|.* -j KUBE-)/.test(line) && !line.includes("KUBE-FIREWALL"));
      for (const place of ["-A", "-I"]) {
        const copies = ours.map((line) => line.replace(/^-A/, place)).join("\n");
        expect(node.run(["iptables-restore", "--noflush"], { input: `*${table}\n${copies}\nCOMMIT\n` }).stderr).toBe(
          "",
        );
        expect(node.command("verify", "first").code).toBe(1);
        expect(node.apply(place === "-A" ? "first" : "second")).toMatchObject({ code: 0 });
        expect(node.apply("first")).toMatchObject({ code: 0 });
        expect(node.saved()).toEqual(before);
      }
    }
  });

  test("what cannot be read again is not taken for nothing", () => {
    node.apply("first");
    // The plan reads five times: once, and four times to see that the host is steady.
    const broken = { FAULT_SAVE: "6" };
    const cleanup = node.command("cleanup", undefined, [], { env: broken });
    expect(cleanup).toMatchObject({ code: 6, stderr: expect.stringContaining("cannot be read again") });
    expect(node.apply("first")).toMatchObject({ code: 0 });
  });

  test("a reader that goes away, or a lost terminal, does not stop it midway", async () => {
    node.apply("first");
    const piped = node.run([
      "sh",
      "-c",
      `(${process.execPath} ${cliPath} apply -f ${node.file("second.json")} --backup-dir ${node.file("backups")}; echo $? > ${node.file("code")}) | true`,
    ]);
    expect(piped.code).toBe(0);
    expect(readFileSync(node.file("code"), "utf8")).toBe("0\n");
    expect(node.command("verify", "second")).toMatchObject({ code: 0 });
    node.apply("first");
    const before = node.saved();
    const child = node.start([
      "apply",
      "-f",
      node.file("second.json"),
      "--backup-dir",
      node.file("backups"),
      "--confirm-within",
      "20s",
    ]);
    let said = "";
    child.stderr?.on("data", (data: Buffer) => {
      said += data;
    });
    while (!said.includes("Keep the changes?") && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(said).toContain("Keep the changes?");
    child.kill("SIGHUP");
    await once(child, "exit");
    expect(node.saved()).toEqual(before);
  });

  test("killed before or after any step: the next apply brings the host to what is wanted", () => {
    for (const fault of ["kill-before", "kill-after"]) {
      node.apply("first");
      const steps = stepsOf(node.command("plan", "second", ["-o", "json"]));
      for (let at = 1; at <= steps.length; at++) {
        node.apply("first");
        const killed = node.apply("second", [], { env: { FAULT: fault, FAULT_AT: String(at) } });
        expect({ at, fault, code: killed.code }).toMatchObject({ code: 137 });
        expect(node.apply("second")).toMatchObject({ code: 0 });
        expect(node.command("verify", "second")).toMatchObject({ code: 0 });
      }
    }
  });

  test("a tool that lies: reading back finds it, and the host is led back", () => {
    node.apply("first");
    const before = node.saved();
    const { code, stderr } = node.apply("second", [], { env: { FAULT: "lie", FAULT_AT: "1" } });
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining("does not match") });
    expect(node.saved()).toEqual(before);
  });

  test("when leading back fails as well, it says so, and --restore leads back later", () => {
    node.apply("first");
    const before = node.saved();
    const { code, stderr } = node.apply("second", [], { env: { FAULT: "from-on", FAULT_AT: "2" } });
    expect({ code, stderr }).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("the rollback failed as well"),
    });
    const backup = /--restore (\S+)/.exec(stderr)?.[1] ?? "";
    expect(existsSync(backup)).toBe(true);
    expect(node.command("apply", undefined, ["--restore", backup])).toMatchObject({ code: 0 });
    expect(node.saved()).toEqual(before);
  });

  test("without confirmation it goes back", () => {
    node.apply("first");
    const before = node.saved();
    expect(node.apply("second", ["--confirm-within", "1s"], { input: "no\n" })).toMatchObject({ code: 5 });
    expect(node.saved()).toEqual(before);
    expect(node.apply("second", ["--confirm-within", "5s"], { input: "yes\n" })).toMatchObject({ code: 0 });
  });

  test("interrupted: the running step ends, the host is led back", async () => {
    node.apply("first");
    const before = node.saved();
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
    ] as const) {
      const child = node.start(["apply", "-f", node.file("second.json"), "--backup-dir", node.file("backups")], {
        env: { FAULT: "slow", FAULT_AT: "1", FAULT_SECONDS: "1" },
      });
      let said = "";
      let isSent = false;
      child.stderr?.on("data", (data: Buffer) => {
        said += data;
        if (said.includes("--restore") && !isSent) isSent = child.kill(signal);
      });
      const [ended] = await once(child, "exit");
      expect({ signal, ended, said }).toMatchObject({
        ended: code,
        said: expect.stringContaining("rolled back to its previous state"),
      });
      expect(node.saved()).toEqual(before);
    }
  });

  test("two at once: the second is refused", async () => {
    node.apply("first");
    const child = node.start(["apply", "-f", node.file("second.json"), "--backup-dir", node.file("backups")], {
      env: { FAULT: "slow", FAULT_AT: "1", FAULT_SECONDS: "2" },
    });
    await once(child.stderr as NodeJS.ReadableStream, "data");
    expect(node.apply("first")).toMatchObject({ code: 4, stderr: expect.stringContaining("another portolan") });
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("no room for a backup: refused before anything is touched", () => {
    node.apply("first");
    const before = node.saved();
    const { code, stderr } = node.run([
      "sh",
      "-c",
      `ulimit -f 1; exec ${process.execPath} ${cliPath} apply -f ${node.file("second.json")} --backup-dir ${node.file("full")}`,
    ]);
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining("cannot keep a backup") });
    expect(node.saved()).toEqual(before);
  });
});

/** Built-in chains line by line, in order; the order in which chains are printed says nothing. */
function linesOf(save: string): unknown {
  return rulesIn(save);
}
