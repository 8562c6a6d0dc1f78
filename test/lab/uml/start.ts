import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const boot = new URL("boot.sh", import.meta.url).pathname;
const shimSource = new URL("wide-registers.c", import.meta.url).pathname;

/** Where a machine sees its folder. */
export const inside = "/tmp/task";

/** Where a machine sees this checkout. */
export const checkoutInside = "/tmp/checkout";

/** What a machine runs before its task: the modules of a node, and the only iptables that its kernel knows. */
const preparation = `
modprobe -a ip_vs ip_vs_rr dummy sctp ip_tables ip6_tables br_netfilter || exit 1
`;

/** Why no User-Mode Linux can be started here, or undefined. */
export function whyNoMachine(tools: readonly string[]): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  if (process.getuid?.() !== 0) return "it needs root";
  const needed = ["linux.uml", "busybox", "kmod", "modprobe", "insmod", "taskset", "timeout", ...tools];
  const missing = needed.filter((tool) => !hasCommand(tool));
  if (hasWideRegisters() && !hasCommand("gcc"))
    missing.push("gcc (this CPU has more registers than the machine knows)");
  return missing.length === 0 ? undefined : `not installed: ${missing.join(", ")}`;
}

function hasCommand(tool: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0;
}

function hasWideRegisters(): boolean {
  return /\bamx_tile\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
}

/** What a machine is started with on such a CPU: wide-registers.c says why. */
function buildShim(folder: string): string {
  const shim = join(folder, "wide-registers.so");
  const { status, stderr } = spawnSync("gcc", ["-shared", "-fPIC", "-O2", "-o", shim, shimSource], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`wide-registers.c does not compile:\n${stderr}`);
  return shim;
}

/**
 * Boots a User-Mode Linux on one core, which sees this machine's files read-only and the folder as `inside`, and
 * runs a shell script there. Gives back what the script wrote; throws when it fails or does not end.
 */
export async function runInMachine(
  folder: string,
  script: string,
  { core = 0, seconds = 360, memory = "1G" } = {},
): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "task"), preparation + script);
  const shim = hasWideRegisters() ? buildShim(folder) : "";
  const env = {
    ...process.env,
    UML_CORE: String(core),
    UML_SECONDS: String(seconds),
    UML_MEMORY: memory,
    UML_PRELOAD: shim,
  };
  const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
  try {
    await promisify(execFile)("sh", [boot, folder], { env });
  } catch {
    throw new Error(`the machine did not end its task within ${seconds} s:\n${read("log")}${read("console")}`);
  }
  const status = read("status").trim();
  if (status !== "0") throw new Error(`the task ended with ${status}:\n${read("log")}`);
  return read("log");
}
