import { type ChildProcess, type StdioOptions, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, makeToolFolder, pathOf } from "./needs.ts";

const cli = new URL("../../dist/cli/portolan.js", import.meta.url).pathname;

/** By its path, since a run may have a PATH without it. */
const nsenter = pathOf("nsenter") ?? "nsenter";

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A network namespace that stands for a node, with the iptables of one back end. */
export interface NodeNamespace {
  /** A folder of its own; backups go to `backups` in it. */
  readonly folder: string;
  readonly run: (argv: readonly string[], options?: RunOptions) => Ran;
  readonly portolan: (args: readonly string[], options?: RunOptions) => Ran;
  /** Does not wait. */
  readonly start: (args: readonly string[], options?: RunOptions) => ChildProcess;
  /** Any other program, which does not wait either. */
  readonly spawn: (argv: readonly string[], stdio: StdioOptions, options?: RunOptions) => ChildProcess;
  readonly close: () => void;
}

export interface RunOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export async function openNamespace(backend: Backend): Promise<NodeNamespace> {
  const folder = mkdtempSync(join(tmpdir(), "portolan-node-"));
  const tools = makeToolFolder(join(folder, "tools"), backend);
  const faults = makeFaultFolder(join(folder, "faults"));
  const holder = spawn("unshare", ["-n", "-m", "sh", "-c", "ip link set lo up && echo ready && exec sleep 3600"]);
  await new Promise((resolve, reject) => {
    holder.stdout.once("data", resolve);
    holder.once("exit", () => reject(new Error("no network namespace")));
  });
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const realPath = `${tools}:${inherited.PATH}`;
  const environment = (options: RunOptions) => ({
    ...inherited,
    NO_COLOR: "1",
    REAL_PATH: realPath,
    PATH: `${faults}:${realPath}`,
    FAULT_COUNT: join(folder, "count"),
    XTABLES_LOCKFILE: join(folder, "lock"),
    ...options.env,
  });
  const enter = ["-t", String(holder.pid), "-n", "-m"];
  const run = (argv: readonly string[], options: RunOptions = {}): Ran => {
    for (const count of ["count", "count.save"]) rmSync(join(folder, count), { force: true });
    const { status, signal, stdout, stderr } = spawnSync(nsenter, [...enter, ...argv], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      input: options.input ?? "",
      env: environment(options),
    });
    return { code: status ?? (signal === "SIGKILL" ? 137 : -1), stdout, stderr };
  };
  const command = (args: readonly string[]) => [process.execPath, cli, ...args];
  return {
    folder,
    run,
    portolan: (args, options) => run(command(args), options),
    spawn: (argv, stdio, options = {}) => spawn(nsenter, [...enter, ...argv], { stdio, env: environment(options) }),
    start: (args, options = {}) => spawn(nsenter, [...enter, ...command(args)], { env: environment(options) }),
    close: () => {
      holder.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Tools that fail on purpose: with FAULT set, the process that changes something as the FAULT_AT-th since the run began
 * fails before it does anything, or after it has done it; or it kills whoever started it; or it hangs, and SIGTERM does
 * not end it. From its FAULT_SAVE-th run on iptables-save, or the command in FAULT_SAVE_OF, fails, hangs, or prints what
 * FAULT_SAVE_AS says.
 */
const faultyTool = `#!/bin/sh
tool=\${0##*/}
case "$tool $*" in "\${FAULT_SAVE_OF:-iptables-save}"*) saves=yes ;; *) saves= ;; esac
if [ -n "$saves" ] && [ -n "\${FAULT_SAVE:-}" ]; then
  n=$(($(cat "$FAULT_COUNT.save" 2>/dev/null || echo 0) + 1))
  echo "$n" > "$FAULT_COUNT.save"
  if [ "$n" -ge "$FAULT_SAVE" ]; then
    [ -z "\${FAULT_HANG:-}" ] || { trap "" TERM; sleep 600; }
    case "\${FAULT_SAVE_AS:-}" in
      nothing) exit 0 ;;
      part) PATH=$REAL_PATH "$tool" "$@" | head -c 300; exit 0 ;;
      *) echo "made to fail" >&2; exit 1 ;;
    esac
  fi
fi
PATH=$REAL_PATH
export PATH
case "$tool $*" in
  *--version*|*probe0*|*" -V"|"ip link set lo up") exec "$tool" "$@" ;;
  *tables-restore*|"sysctl -p"*|"ipset restore"*|"ipvsadm --restore"*|"ipvsadm --set"*|"ip -batch"*|"ip link"*|"nft -f"*) ;;
  *) exec "$tool" "$@" ;;
esac
n=$(($(cat "$FAULT_COUNT" 2>/dev/null || echo 0) + 1))
echo "$n" > "$FAULT_COUNT"
case "\${FAULT:-none} $((n - \${FAULT_AT:-0}))" in
  "before 0") cat >/dev/null; echo "made to fail" >&2; exit 1 ;;
  "after 0") "$tool" "$@"; echo "made to fail" >&2; exit 1 ;;
  "from-on "[0-9]*) cat >/dev/null; echo "made to fail" >&2; exit 1 ;;
  "kill-before 0") kill -9 "$PPID"; exit 1 ;;
  "kill-after 0") "$tool" "$@"; kill -9 "$PPID" ;;
  "line 0") cat >/dev/null; echo "iptables-restore: line \${FAULT_LINE:-1} failed" >&2; exit 1 ;;
  "lie 0") cat >/dev/null; exit 0 ;;
  "hang 0") trap "" TERM; sleep 600 ;;
  "hang-after 0") "$tool" "$@"; trap "" TERM; sleep 600 ;;
  "slow 0") sleep "\${FAULT_SECONDS:-2}"; exec "$tool" "$@" ;;
  *) exec "$tool" "$@" ;;
esac
`;

export function makeFaultFolder(folder: string): string {
  mkdirSync(folder);
  const changing = ["iptables-restore", "ip6tables-restore", "sysctl", "ipset", "ipvsadm", "ip", "nft"];
  for (const tool of [...changing, "iptables-save"]) {
    writeFileSync(join(folder, tool), faultyTool, { mode: 0o755 });
  }
  return folder;
}
