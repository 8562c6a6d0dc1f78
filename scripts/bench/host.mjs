import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { cli } from "./measure.mjs";

/** Why no host can be made here to apply rules to, or undefined. */
export function whyNoHost() {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  const missing = ["unshare", "nsenter", "ip", "xtables-nft-multi", "xtables-legacy-multi"].filter(
    (tool) => pathOf(tool) === undefined,
  );
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  const { status, stderr } = spawnSync("unshare", ["-n", "-m", "true"], { encoding: "utf8" });
  return status === 0 ? undefined : `no network namespaces: ${stderr.trim()}`;
}

/** Does `work` on a network namespace without rules that stands for a host, with the iptables of one back end. */
export async function withHost(backend, folder, work) {
  // It ends when this process does, however that ends.
  const holder = spawn("unshare", ["-n", "-m", "sh", "-c", "ip link set lo up && echo ready && exec cat"]);
  try {
    const ended = once(holder, "exit").then(() => Promise.reject(new Error("no network namespace")));
    await Promise.race([once(holder.stdout, "data"), ended]);
    return work(hostOf(holder.pid, toolFolder(folder, backend), folder));
  } finally {
    holder.kill("SIGKILL");
  }
}

function hostOf(pid, tools, folder) {
  const { FORCE_COLOR: _, ...inherited } = process.env;
  const env = {
    ...inherited,
    NO_COLOR: "1",
    PATH: `${tools}:${inherited.PATH}`,
    XTABLES_LOCKFILE: join(folder, "lock"),
  };
  /** Time and output of a process that is expected to end well, or with one of `codes`. */
  const run = (argv, { input = "", codes = [0] } = {}) => {
    const args = ["-t", String(pid), "-n", "-m", ...argv];
    const start = performance.now();
    const { status, stdout, stderr } = spawnSync("nsenter", args, { input, env, maxBuffer: 2 ** 31 });
    const milliseconds = performance.now() - start;
    if (!codes.includes(status)) throw new Error(`${argv.join(" ")}: exit ${status}\n${stderr}`);
    return { milliseconds, stdout };
  };
  return { run, portolan: (args) => run([process.execPath, cli, ...args], { codes: [0, 1] }) };
}

function toolFolder(folder, backend) {
  const tools = join(folder, `tools-${backend}`);
  if (existsSync(tools)) return tools;
  mkdirSync(tools);
  for (const tool of ["iptables", "ip6tables"]) {
    for (const suffix of ["", "-save", "-restore"])
      symlinkSync(pathOf(`xtables-${backend}-multi`), join(tools, tool + suffix));
  }
  return tools;
}

function pathOf(tool) {
  const { status, stdout } = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}
