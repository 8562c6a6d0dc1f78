import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { firstState, secondState } from "./apply-states.ts";
import { makeFaultFolder } from "./namespace.ts";
import { makeToolFolder } from "./needs.ts";
import { checkoutInside, runInMachine, whyNoMachine } from "./uml/start.ts";

const reason = whyNoMachine(["ipset", "ipvsadm", "ip", "sysctl", "xtables-legacy-multi", "unshare"]);

const cli = `${checkoutInside}/dist/cli/portolan.js`;
const script = readFileSync(new URL("apply-in-machine.sh", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "portolan-ipvs-apply-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string) => readFileSync(join(folder, "out", name), "utf8");
const said = (name: string) => read(`${name}.stdout`) + read(`${name}.stderr`);

describe("on a host with IPVS", skipFor(reason), () => {
  let codes: ReadonlyMap<string, number>;

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true });
    makeToolFolder(join(folder, "tools"), "legacy");
    makeFaultFolder(join(folder, "faults"));
    writeFileSync(join(folder, "first.json"), firstState);
    writeFileSync(join(folder, "second.json"), secondState);
    await runInMachine(folder, `PORTOLAN="${process.execPath} ${cli}"\n${script}`, { core: 1, seconds: 1000 });
    codes = new Map(
      read("codes")
        .trim()
        .split("\n")
        .map((line) => line.split(" "))
        .map(([name, code]) => [name as string, Number(code)]),
    );
  }, 1_030_000);

  const expectCode = (name: string, code: number) =>
    expect({ name, code: codes.get(name), said: said(name) }).toMatchObject({ code });

  test("apply makes it as wanted, and verify agrees", () => {
    for (const name of ["ipvs-first", "ipvs-first-verified", "ipvs-second", "ipvs-second-verified"])
      expectCode(name, 0);
  });

  test("verify names what is broken and whom it hurts; apply mends it", () => {
    expectCode("broken", 1);
    expect(said("broken")).toMatch(
      /affects shop\/web\n(?: {2}connections .*\n)+ {4}- real server 10\.244\.1\.6:8080 of -t 10\.96\.0\.3:80/,
    );
    expect(said("broken")).toMatch(/affects shop\/new\n/);
    expectCode("mended", 0);
    expectCode("mended-verified", 0);
  });

  const indexes = (prefix: string, code: number) => {
    const found: number[] = [];
    for (let at = 1; codes.get(`${prefix}-${at}`) === code; at++) found.push(at);
    return found;
  };

  test("every step of a switch of modes made to fail: the host is as it was", () => {
    const faults = indexes("fault", 5);
    expect(faults.length).toBeGreaterThan(5);
    expectCode(`fault-${faults.length + 1}`, 0);
    for (const at of faults) expect(read(`fault-${at}`), said(`fault-${at}`)).toBe(read("switch-before"));
  });

  test("nothing of the other mode stays", () => {
    expectCode("switched", 0);
    expect(read("switched")).not.toMatch(/create KUBE-|-A -t 10\.96|kube-ipvs0|KUBE-NODE-PORT|KUBE-IPVS/);
  });

  test("killed after any step: the next apply brings the host to what is wanted", () => {
    const kills = indexes("kill", 137);
    expect(kills.length).toBeGreaterThan(5);
    for (const at of kills) {
      expectCode(`after-kill-${at}`, 0);
    }
  });

  test("cleanup leaves what was there before", () => {
    expectCode("cleanup", 0);
    // Virtual servers of others are still there, so the settings of IPVS stay.
    expect(withoutIpvsSettings("after")).toBe(withoutIpvsSettings("before"));
  });

  test("a set that a rule of others asks for is emptied, and goes when they let go", () => {
    expectCode("held-cleanup", 0);
    expect(read("held")).toMatch(/^create KUBE-CLUSTER-IP .*\n$/);
    expectCode("held-again", 0);
    expect(read("held-after")).not.toMatch(/KUBE-|-A -t/);
    expect(read("held-after"), "nobody needs it any more").toContain("net.ipv4.vs.conntrack = 0\n");
  });
});

function withoutIpvsSettings(name: string): string {
  return read(name).replace(/^net\.ipv4\.vs\..*\n/gm, "");
}
