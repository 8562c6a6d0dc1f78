import type { ChildProcess } from "node:child_process";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type NodeNamespace, openNamespace, type RunOptions } from "./namespace.ts";
import type { Backend } from "./needs.ts";

const server = new URL("watch-server.mjs", import.meta.url).pathname;
const config = JSON.stringify({
  "current-context": "here",
  contexts: [{ name: "here", context: { cluster: "here", user: "" } }],
  clusters: [{ name: "here", cluster: { server: "http://127.0.0.1:8001" } }],
});

/** A `portolan watch` that runs. */
export interface WatchCommand {
  readonly child: ChildProcess;
  readonly log: () => string;
  readonly ended: () => Promise<number | null>;
  /** Waits until it is true; throws with the log when it does not become so. */
  readonly until: (isTrue: () => boolean, what: string) => Promise<void>;
}

/** A namespace that stands for a node, with an API server in it. */
export interface WatchedNode {
  readonly node: NodeNamespace;
  readonly file: (name: string) => string;
  /** Replaces what the cluster holds, in one go. */
  readonly become: (state: string) => void;
  readonly watch: (flags: readonly string[], options?: RunOptions) => WatchCommand;
  /** Whether apply would find nothing to do for this state. */
  readonly isInStep: (state: string) => boolean;
}

export async function openWatchedNode(backend: Backend, state: string): Promise<WatchedNode> {
  const node = await openNamespace(backend);
  const file = (name: string) => join(node.folder, name);
  const become = (next: string): void => {
    writeFileSync(file("next"), next);
    renameSync(file("next"), file("state"));
  };
  writeFileSync(file("config"), config);
  become(state);
  node.run(["sh", "-c", `${process.execPath} ${server} ${file("state")} 8001 >/dev/null 2>&1 &`]);
  for (let tries = 0; tries < 200 && !existsSync(file("state.ready")); tries++) await passing(50);
  const flags = ["--live", "--kubeconfig", file("config"), "--node", "node1", "--backup-dir", file("backups")];
  return {
    node,
    file,
    become,
    watch: (more, options) => commandOf(node.start(["watch", ...flags, ...more], options)),
    isInStep: (wanted) => {
      writeFileSync(file("wanted.json"), wanted);
      return node.portolan(["plan", "-f", file("wanted.json"), "--node", "node1"]).code === 0;
    },
  };
}

function commandOf(child: ChildProcess): WatchCommand {
  let log = "";
  const take = (chunk: Buffer): void => {
    log += chunk;
  };
  child.stdout?.on("data", take);
  child.stderr?.on("data", take);
  const code = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  return {
    child,
    log: () => log,
    ended: () => code,
    until: async (isTrue, what) => {
      for (let tries = 0; !isTrue(); tries++) {
        if (tries > 300) throw new Error(`it never came to this: ${what}\n${log}`);
        await passing(100);
      }
    },
  };
}

function passing(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
