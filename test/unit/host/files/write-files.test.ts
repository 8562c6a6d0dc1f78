import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { privateMode, sharedMode, writeBackup, writeFiles } from "../../../../src/host/files/write-files.ts";
import { collectedDocument } from "../../../../src/reconcile/live/collected-document.ts";
import { skipFor } from "../../../harness/skip.ts";

const root = mkdtempSync(join(tmpdir(), "portolan-"));
const isRoot = process.getuid?.() === 0;
const emptyDump = collectedDocument({ texts: {}, failures: {} });

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe("writeFiles", () => {
  it("says how much a reader got that went away", () => {
    const path = join(root, "fifo");
    execFileSync("mkfifo", [path]);
    spawn("head", ["-c", "1", path], { stdio: "ignore" });
    const failure = writeFiles([{ path, content: "x".repeat(10_000_000), mode: sharedMode }]);
    expect(failure?.kind).toBe("environment");
    expect(failure?.message).toMatch(/: its reader has closed it; \d+ of 10000000 bytes were written to it$/);
    expect(statSync(path).isFIFO()).toBe(true);
  });

  it("writes no file when one of them is a directory", () => {
    const file = join(root, "whole");
    const failure = writeFiles([file, root].map((path) => ({ path, content: "new", mode: sharedMode })));
    expect(failure?.message).toBe(`cannot write ${root}: it is a directory; no file was changed`);
    expect(existsSync(file)).toBe(false);
  });

  it("names what was written before a failure", () => {
    const file = join(root, "written");
    const failure = writeFiles([
      { path: "/dev/null", content: "new", mode: sharedMode },
      { path: join(root, "no/such"), content: "new", mode: sharedMode },
      { path: file, content: "new", mode: sharedMode },
    ]);
    expect(failure?.message, "paths are looked at first").toMatch(/no such file or directory; no file was changed$/);
    const late = writeFiles([
      { path: "/dev/null", content: "new", mode: sharedMode },
      { path: "/proc/portolan", content: "new", mode: sharedMode },
    ]);
    expect(late?.message).toMatch(/^cannot write \/proc\/portolan: .*; already written: \/dev\/null$/);
  });

  it("keeps the owner of what is there, but for private files", skipFor(isRoot ? undefined : "it needs root"), () => {
    const path = join(root, "owned");
    for (const [mode, expected] of [
      [sharedMode, { uid: 1234, gid: 5678, mode: 0o604 }],
      [privateMode, { uid: 0, gid: 0, mode: 0o600 }],
    ] as const) {
      writeFileSync(path, "old");
      chownSync(path, 1234, 5678);
      chmodSync(path, 0o604);
      expect(writeFiles([{ path, content: `new ${mode}`, mode }])).toBeUndefined();
      const { uid, gid, mode: kept } = statSync(path);
      expect({ uid, gid, mode: kept & 0o7777 }).toEqual(expected);
    }
  });
});

describe("writeBackup", () => {
  it("makes a private file in a directory that it makes", () => {
    const backup = writeBackup(join(root, "back/ups"), emptyDump);
    expect(backup.kind).toBe("kept");
    const path = backup.kind === "kept" ? backup.path : "";
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, "utf8")).not.toBe("");
    expect(readdirSync(join(root, "back/ups"))).toHaveLength(1);
  });

  it("leaves nothing where it fails", () => {
    writeFileSync(join(root, "plain"), "a file");
    expect(writeBackup(join(root, "plain/deep"), emptyDump)).toMatchObject({
      kind: "failed",
      message: expect.stringMatching(/a parent of it is a file; no file was changed$/),
    });
  });
});
