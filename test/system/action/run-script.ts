import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

export const actionFolder = new URL("../../../scripts/action/", import.meta.url).pathname;

const root = mkdtempSync(join(tmpdir(), "portolan-action-"));

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A folder with these files in it; those in `bin/` can be run. */
export function folder(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(root, "test-"));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
    if (name.startsWith("bin/")) chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

export function git(cwd: string, ...args: readonly string[]): string {
  const identity = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main"];
  return execFileSync("git", [...identity, ...args], { cwd, encoding: "utf8" }).trim();
}

/** Everything in the folder but bin/ as a commit; gives its name. */
export function commitAll(cwd: string): string {
  git(cwd, "add", "-A", ":!bin");
  git(cwd, "commit", "-q", "--allow-empty", "-m", "x");
  return git(cwd, "rev-parse", "HEAD");
}

export interface ScriptResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a shell text in a folder, with the folder's bin/ before everything else and this environment alone. */
export function runShell(text: string, cwd: string, env: Readonly<Record<string, string>>): ScriptResult {
  const PATH = `${join(cwd, "bin")}:${process.env.PATH}`;
  const { status, stdout, stderr } = spawnSync("sh", ["-c", text], {
    cwd,
    env: { PATH, HOME: cwd, NO_COLOR: "1", ...env },
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

/** A program that writes down its arguments, one a line with its number, and does `rest`. */
export function recorder(file: string, rest = ""): string {
  return `#!/bin/sh\nfor word in "$@"; do printf '%s\\n' "$word" >>'${file}'; done\n${rest}\n`;
}

export function read(cwd: string, name: string): string {
  return readFileSync(join(cwd, name), "utf8");
}
