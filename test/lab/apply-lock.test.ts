import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { holdApplyLock } from "../../src/host/preflight.ts";
import { skipFor } from "../harness/skip.ts";

const nobody = 65_534;

/** Takes every lock it can: the abstract socket of earlier versions, and the port. Prints the codes of the errors. */
const grab = `
const { createServer } = require("node:net");
const { createSocket } = require("node:dgram");
const codes = [];
const note = (error) => { codes.push(error ? error.code : "held"); if (codes.length === 3) console.log(codes.sort().join(" ")); };
createServer().on("error", note).listen("\\0portolan-apply", () => note());
for (const address of ["127.0.0.1", "0.0.0.0"]) createSocket("udp4").on("error", note).bind({ address, port: 1 }, () => note());
`;

describe("the lock of apply", skipFor(process.getuid?.() === 0 ? undefined : "it needs root"), () => {
  it("is held once, and free when it is released", async () => {
    const lock = await holdApplyLock();
    expect(lock).toEqual(expect.any(Function));
    expect(await holdApplyLock()).toMatch(/^another portolan process is changing this host/);
    if (typeof lock === "function") lock();
    const again = await holdApplyLock();
    expect(again).toEqual(expect.any(Function));
    if (typeof again === "function") again();
  });

  it("cannot be held by an ordinary user", async () => {
    const child = spawn(process.execPath, ["-e", grab], { uid: nobody, gid: nobody, cwd: "/" });
    onTestFinished(() => {
      child.kill();
    });
    const [codes] = await once(child.stdout, "data");
    expect(String(codes).trim()).toBe("EACCES EACCES held");
    const lock = await holdApplyLock();
    expect(lock).toEqual(expect.any(Function));
    if (typeof lock === "function") lock();
  });
});
