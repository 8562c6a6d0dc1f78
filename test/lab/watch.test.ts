import type { ChildProcess } from "node:child_process";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { firstState, secondState } from "./apply-states.ts";
import { rulesIn } from "./loaded-rules.ts";
import { type NodeNamespace, openNamespace } from "./namespace.ts";
import { whyNoKernel } from "./needs.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);
if (reason !== undefined) console.warn(`SKIPPED: watching with real rules: ${reason}`);

const server = new URL("watch-server.mjs", import.meta.url).pathname;
const config = JSON.stringify({
  "current-context": "here",
  contexts: [{ name: "here", context: { cluster: "here", user: "" } }],
  clusters: [{ name: "here", cluster: { server: "http://127.0.0.1:8001" } }],
});

describe.skipIf(reason !== undefined).each(["legacy", "nft"] as const)(
  "watch --apply on a kernel, iptables-%s",
  (backend) => {
    let node: NodeNamespace;
    const file = (name: string) => join(node.folder, name);
    const rules = () => rulesIn(node.run(["iptables-save"]).stdout);
    const flags = () => ["--kubeconfig", file("config"), "--node", "node1", "--backup-dir", file("backups")];

    /** Replaces what the cluster holds, in one go. */
    const become = (state: string): void => {
      writeFileSync(file("next"), state);
      renameSync(file("next"), file("state"));
    };
    const until = async (isTrue: () => boolean, what: string): Promise<void> => {
      for (let tries = 0; !isTrue(); tries++) {
        if (tries > 300) throw new Error(`it never came to this: ${what}\n${log}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    let log = "";
    const watch = (): ChildProcess => {
      log = "";
      const periods = ["--min-sync-period", "100ms", "--sync-period", "1s"];
      const child = node.start(["watch", "--live", "--apply", ...flags(), ...periods]);
      child.stdout?.on("data", (chunk: Buffer) => {
        log += chunk;
      });
      return child;
    };
    const ended = (child: ChildProcess) =>
      new Promise<number | null>((resolve) => {
        child.once("close", (code) => resolve(code));
      });
    /** What apply would make of a host with the state. */
    const isInStep = (state: string): boolean => {
      writeFileSync(file("wanted.json"), state);
      return node.portolan(["plan", "-f", file("wanted.json"), "--node", "node1"]).code === 0;
    };

    beforeAll(async () => {
      node = await openNamespace(backend);
      writeFileSync(file("config"), config);
      become(firstState);
      node.run(["sh", "-c", `${process.execPath} ${server} ${file("state")} 8001 >/dev/null 2>&1 &`]);
      for (let tries = 0; tries < 200 && !existsSync(file("state.ready")); tries++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    afterAll(() => node?.close());

    test("makes the rules, follows changes, repairs drift, and ends with 143 after SIGTERM", async () => {
      const child = watch();
      await until(() => /"synced"/.test(log), "a sync");
      expect(isInStep(firstState)).toBe(true);
      become(secondState);
      await until(() => /10\.244\.1\.7/.test(node.run(["iptables-save"]).stdout), "rules of the second state");
      await until(() => isInStep(secondState), "the second state");
      node.run(["iptables", "-t", "nat", "-F", "KUBE-SERVICES"]);
      await until(() => isInStep(secondState), "a repair");
      child.kill("SIGHUP");
      child.kill("SIGTERM");
      expect(await ended(child)).toBe(143);
      expect(log).toMatch(/"msg":"stopped"/);
    });

    test("killed and started again it takes up where it was, and removes nothing on the way", async () => {
      const before = rules();
      const child = watch();
      await until(() => /"synced"/.test(log), "a sync");
      child.kill("SIGKILL");
      await ended(child);
      expect(rules()).toEqual(before);
      become(firstState);
      const next = watch();
      await until(() => /"synced"/.test(log), "a sync of the next");
      expect(isInStep(firstState)).toBe(true);
      next.kill("SIGINT");
      expect(await ended(next)).toBe(130);
    });

    test("--verify says what is not as it should be and leaves it so", async () => {
      become(secondState);
      const before = rules();
      const child = node.start(["watch", "--live", "--verify", ...flags()]);
      let told = "";
      child.stdout?.on("data", (chunk: Buffer) => {
        told += chunk;
      });
      await until(() => /"msg":"drift"/.test(told), "drift");
      child.kill("SIGTERM");
      expect(await ended(child)).toBe(143);
      expect(rules()).toEqual(before);
    });
  },
);
