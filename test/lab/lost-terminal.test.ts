import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { type Backend, whyNoKernel } from "./needs.ts";
import { cliPath, openTestNode, type TestNode } from "./test-node.ts";

const reason = whyNoKernel(["unshare", "nsenter", "ip", "script", "xtables-legacy-multi", "xtables-nft-multi"]);

/** Of the session that the terminal belongs to, which gets SIGHUP, or of another one, which reads and writes EIO. */
const sessions = { "SIGHUP and errors": "", "errors alone": "setsid --wait " } as const;

describe.each<Backend>(["legacy", "nft"])(
  "with iptables-%s, the pseudo-terminal is closed",
  skipFor(reason),
  (backend) => {
    let node: TestNode;

    beforeAll(async () => {
      node = await openTestNode(backend);
    });
    beforeEach(() => {
      expect(node.apply("first")).toMatchObject({ code: 0 });
    });
    afterAll(() => node?.close());

    /** Runs `apply` in a pseudo-terminal, closes it once it shows a text, and returns the exit code. */
    async function closeAt(shown: string, session: string, flags: string, env = {}): Promise<number> {
      const code = node.file("code");
      rmSync(code, { force: true });
      const apply = `${process.execPath} ${cliPath} apply -f ${node.file("second.json")} --backup-dir ${node.file("backups")}`;
      // A terminal that nobody told its size has 0 columns: it is taken for 80.
      const command = `stty cols 0; trap "" HUP; ${session}${apply} ${flags}; echo $? > ${code}.new; mv ${code}.new ${code}`;
      const terminal = node.spawn(["script", "-qfc", command, "/dev/null"], "pipe", { env });
      let text = "";
      terminal.stdout?.on("data", (data: Buffer) => {
        text += data;
        if (text.includes(shown)) terminal.kill("SIGKILL");
      });
      await once(terminal, "exit");
      expect(text).toContain(shown);
      for (let tries = 0; !existsSync(code); tries++) {
        if (tries > 1200) throw new Error(`it does not end: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return Number(readFileSync(code, "utf8"));
    }

    describe.each(Object.entries(sessions))("%s", (_, session) => {
      test("at the question: the host is led back", async () => {
        const before = node.saved();
        expect(await closeAt("Keep the changes?", session, "--confirm-within 60s")).toBe(130);
        expect(node.saved()).toEqual(before);
      });

      test("at a line of progress: the host is led back", async () => {
        const before = node.saved();
        const slow = { FAULT: "slow", FAULT_AT: "1", FAULT_SECONDS: "2" };
        expect(await closeAt("step 1 of", session, "", slow)).toBe(130);
        expect(node.saved()).toEqual(before);
      });

      test("while the host is led back: it is led back to the end", async () => {
        const before = node.saved();
        const slow = { FAULT: "slow", FAULT_AT: "4", FAULT_SECONDS: "2" };
        const code = await closeAt("rolling back the host", session, "--confirm-within 1s", slow);
        expect([5, 130]).toContain(code);
        expect(node.saved()).toEqual(before);
      });

      test("at the end: what was applied stays", async () => {
        const code = await closeAt("Done:", session, "");
        expect([0, 130]).toContain(code);
        expect(node.command("verify", "second")).toMatchObject({ code: 0 });
      });
    });
  },
);
