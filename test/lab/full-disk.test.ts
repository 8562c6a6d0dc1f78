import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { outputCommands, outputWorkspace, runOutput } from "../harness/output-commands.ts";
import { skipFor } from "../harness/skip.ts";

const mounted: string[] = [];

/** A file system of one page in a directory of a new workspace. */
function mountSmall(options: string): string {
  const cwd = outputWorkspace();
  const directory = join(cwd, "small");
  mkdirSync(directory);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=8k${options}`, "small", directory]);
  mounted.push(directory);
  return cwd;
}

afterAll(() => {
  for (const directory of mounted) execFileSync("umount", [directory]);
});

describe.each(outputCommands.map((command) => [command.option, command] as const))(
  "%s",
  skipFor(process.getuid?.() === 0 ? undefined : "it needs root"),
  (_, command) => {
    it("on a full disk keeps what is there", async () => {
      const cwd = mountSmall("");
      const path = join(cwd, "small", command.file);
      writeFileSync(path, "old");
      writeFileSync(join(cwd, "small/filling"), Buffer.alloc(4096));
      const { code, stdout, stderr } = await runOutput(command, cwd, "small");
      expect({ code, stdout }, stderr).toEqual({ code: 4, stdout: "" });
      expect(stderr).toMatch(/: no space left on the device; no file was changed\n/);
      expect(readFileSync(path, "utf8")).toBe("old");
      expect(readdirSync(join(cwd, "small")).sort()).toEqual([command.file, "filling"].sort());
    });

    it("on a file system that is read-only", async () => {
      const cwd = mountSmall(",ro");
      const { code, stdout, stderr } = await runOutput(command, cwd, "small");
      expect({ code, stdout }, stderr).toEqual({ code: 4, stdout: "" });
      expect(stderr).toMatch(/: the file system is read-only; no file was changed\n/);
    });
  },
);
