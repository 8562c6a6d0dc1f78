import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

export type Backend = "legacy" | "nft";

/** Why rules cannot be loaded here, or undefined. */
export function whyNoKernel(tools: readonly string[]): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  const missing = tools.filter((tool) => pathOf(tool) === undefined);
  if (missing.length > 0) return `not installed: ${missing.join(", ")}`;
  const { status, stderr } = spawnSync("unshare", ["-n", "-m", "true"], { encoding: "utf8" });
  return status === 0 ? undefined : `no network namespaces: ${stderr.trim()}`;
}

/** Netfilter accounting is a kernel module that many kernels have not. */
export function whyNoCounters(): string | undefined {
  const { status, stderr, error } = spawnSync("unshare", ["-n", "nfacct", "add", "probe"], { encoding: "utf8" });
  return status === 0 ? undefined : (error?.message ?? `nfacct add: ${stderr.trim()}`);
}

export function pathOf(tool: string): string | undefined {
  const { status, stdout } = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** A directory in which `iptables` and its kin are those of one backend, whatever the machine's default is. */
export function makeToolFolder(folder: string, backend: Backend): string {
  const target = pathOf(`xtables-${backend}-multi`);
  if (target === undefined) throw new Error(`xtables-${backend}-multi is not installed`);
  mkdirSync(folder, { recursive: true });
  for (const tool of ["iptables", "ip6tables"]) {
    for (const suffix of ["", "-save", "-restore"]) symlinkSync(target, join(folder, tool + suffix));
  }
  return folder;
}
