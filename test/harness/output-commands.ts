import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cluster, replaced } from "./cluster-text.ts";
import { type CliResult, runCli, workspace } from "./run-cli.ts";
import { dumpWithoutNodePorts } from "./two-services.ts";

/** A command that writes a file, and how. */
export interface OutputCommand {
  readonly option: string;
  /** The name of the file, in a directory that the arguments name. */
  readonly file: string;
  readonly args: (directory: string) => readonly string[];
  /** An input of the command. */
  readonly input: string;
  /** The exit code of a run that writes it. */
  readonly code: number;
  /** The permissions of a file that was not there. */
  readonly mode: number;
  /** The file alone is the output, and its directory is not made. */
  readonly isSingle: boolean;
}

const single = { file: "file.out", mode: 0o644, isSingle: true };

export const outputCommands: readonly OutputCommand[] = [
  {
    ...single,
    option: "diff --report",
    args: (directory) => ["diff", "base.yaml", "head.yaml", "--report", `json=${directory}/file.out`],
    input: "head.yaml",
    code: 1,
  },
  {
    ...single,
    option: "check --write-baseline",
    args: (directory) => ["check", "-f", "base.yaml", "--write-baseline", `${directory}/file.out`],
    input: "base.yaml",
    code: 0,
  },
  {
    ...single,
    option: "plan --out",
    args: (directory) =>
      ["plan", "-f", "base.yaml", "--node", "node1", "--actual", "host.txt"].concat("--out", `${directory}/file.out`),
    input: "host.txt",
    code: 1,
    mode: 0o600,
  },
  {
    option: "compile --out-dir",
    file: "iptables.restore",
    args: (directory) => ["compile", "-f", "base.yaml", "--out-dir", directory],
    input: "base.yaml",
    code: 0,
    mode: 0o644,
    isSingle: false,
  },
  {
    option: "snapshot --split",
    file: "shop.yaml",
    args: (directory) => ["snapshot", "-f", "base.yaml", "--split", directory],
    input: "base.yaml",
    code: 0,
    mode: 0o644,
    isSingle: false,
  },
];

/** The inputs of all commands, and an empty directory `d`. */
export function outputWorkspace(): string {
  return workspace({
    "base.yaml": cluster,
    "head.yaml": replaced(cluster, "30080", "30081"),
    "host.txt": dumpWithoutNodePorts(),
    "d/other.txt": "other",
  });
}

/** Runs a command that writes `d/FILE`, or the same in another directory. */
export function runOutput({ args }: OutputCommand, cwd: string, directory = "d"): Promise<CliResult> {
  return runCli(args(directory), { cwd });
}

const contents = new Map<OutputCommand, string>();

/** What a command writes where nothing was before. */
export async function expectedContent(command: OutputCommand): Promise<string> {
  const known = contents.get(command);
  if (known !== undefined) return known;
  const cwd = outputWorkspace();
  await runOutput(command, cwd);
  const content = readFileSync(join(cwd, "d", command.file), "utf8");
  contents.set(command, content);
  return content;
}

/** Files that a failed run must not leave behind. */
export function leftovers(cwd: string): readonly string[] {
  return readdirSync(cwd, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".new"));
}
