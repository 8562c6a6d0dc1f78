import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { type Backend, makeToolFolder, whyNoKernel } from "./needs.ts";
import { cliPath } from "./test-node.ts";
import type { Call } from "./traffic/host.ts";
import { addresses, buildLab, type HostName, type Lab, stopLab } from "./traffic/topology.ts";

const reason = whyNoKernel(["nft", "ip", "nsenter", "unshare", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);

const workspace = mkdtempSync(join(tmpdir(), "portolan-switch-"));
afterAll(() => rmSync(workspace, { recursive: true }));

const manifest = (name: string) => new URL(`traffic/${name}`, import.meta.url).pathname;
const [node1V4, node1V6] = addresses.node1;

/** Who asks for what, over and over: pods, the node itself and a client outside, in both families and protocols. */
const calls: readonly (Omit<Call, "patience"> & { readonly from: HostName })[] = [
  { from: "a2", protocol: "tcp", host: "10.96.0.10", port: 80 },
  { from: "a2", protocol: "udp", host: "10.96.0.10", port: 80 },
  { from: "a2", protocol: "tcp", host: "fd00:10:96::10", port: 80 },
  { from: "node1", protocol: "tcp", host: "10.96.0.10", port: 80 },
  { from: "client", protocol: "tcp", host: node1V4, port: 30080, source: addresses.client[0] },
  { from: "client", protocol: "udp", host: node1V4, port: 30080, source: addresses.client[0] },
  { from: "client", protocol: "tcp", host: node1V6, port: 30080, source: addresses.client[1] },
];

describe.each<Backend>(["legacy", "nft"])(
  "traffic while a node with iptables-%s changes its mode",
  skipFor(reason),
  (backend) => {
    let lab: Lab;
    let env: NodeJS.ProcessEnv;
    beforeAll(async () => {
      lab = await buildLab();
      const tools = makeToolFolder(join(workspace, backend), backend);
      env = {
        ...process.env,
        NO_COLOR: "1",
        PATH: `${tools}:${process.env.PATH}`,
        XTABLES_LOCKFILE: join(workspace, `lock-${backend}`),
      };
      expect(await apply("iptables")).toMatchObject({ code: 0 });
    }, 60_000);
    afterAll(() => {
      if (lab !== undefined) stopLab(lab);
    });

    async function apply(mode: string): Promise<{ readonly code: number; readonly stderr: string }> {
      const flags = ["-f", manifest("cluster.yaml"), "--proxy-config", manifest("kube-proxy.yaml"), "--node", "node1"];
      const args = ["apply", ...flags, "--mode", mode, "--backup-dir", join(workspace, "backups")];
      const network = `--net=/proc/${lab.node1.pid}/ns/net`;
      const child = spawn("nsenter", [network, process.execPath, cliPath, ...args], { env });
      let stderr = "";
      child.stderr.on("data", (data: Buffer) => {
        stderr += data;
      });
      child.stdout.resume();
      const [code] = await once(child, "exit");
      return { code, stderr };
    }

    /** What every call met until `act` was done, each caller asking anew as soon as it has its answer. */
    async function callingWhile<T>(
      act: () => Promise<T>,
    ): Promise<{ readonly result: T; readonly met: readonly string[] }> {
      let isDone = false;
      const met: string[] = [];
      const callers = calls.map(async ({ from, ...call }) => {
        while (!isDone) {
          const answer = await lab[from].call({ ...call, patience: 10_000 });
          met.push(`${from} ${call.protocol} ${call.host}: ${answer.split(" ")[0]}`);
        }
      });
      const result = await act();
      isDone = true;
      await Promise.all(callers);
      return { result, met };
    }

    /** Rules of both modes stand side by side for a moment: whichever answers, an endpoint gets the connection. */
    test.each(["nftables", "iptables"])("to %s: no connection is refused or lost", async (mode) => {
      const { result, met } = await callingWhile(() => apply(mode));
      expect(result).toMatchObject({ code: 0 });
      expect(met.length).toBeGreaterThan(100);
      const endpoints = ["a1", "b1"].flatMap((pod) =>
        calls.map(({ from, protocol, host }) => `${from} ${protocol} ${host}: ${pod}`),
      );
      expect([...new Set(met)].sort()).toEqual([...new Set(endpoints)].sort());
    });
  },
);
