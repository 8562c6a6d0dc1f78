import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goldenFolder } from "../harness/golden-cases.ts";
import { skipFor } from "../harness/skip.ts";
import { compileInto, goldenCasesOf, readManifests } from "./compile-folder.ts";
import { meaningOf, rulesIn, rulesInAnyForm, separated, withoutCounts } from "./loaded-rules.ts";
import { type Backend, makeToolFolder, whyNoCounters, whyNoKernel } from "./needs.ts";

const loader = new URL("load-cases.sh", import.meta.url).pathname;
const cases = goldenCasesOf("iptables");

const reason = whyNoKernel(["bash", "unshare", "sysctl", "xtables-legacy-multi", "xtables-nft-multi"]);
const counterReason = reason ?? whyNoCounters();
const usesCounters = (name: string) =>
  /nfacct: true/.test(readFileSync(join(goldenFolder, name, "cluster.yaml"), "utf8"));

const workspace = mkdtempSync(join(tmpdir(), "portolan-kernel-"));
afterAll(() => rmSync(workspace, { recursive: true }));

/** Both at once; vitest runs the two describe blocks one after the other. */
const loading = new Map<Backend, Promise<unknown>>();

function startLoading(backend: Backend): Promise<unknown> {
  const tools = makeToolFolder(join(workspace, `tools-${backend}`), backend);
  const folder = join(workspace, backend);
  for (const name of cases) {
    if (counterReason === undefined || !usesCounters(name))
      compileInto(join(folder, name), readManifests(name), "iptables");
  }
  return promisify(execFile)("bash", [loader, tools, folder]);
}

describe.each<Backend>(["legacy", "nft"])("iptables-%s", skipFor(reason), (backend) => {
  beforeAll(async () => {
    if (loading.size === 0) for (const each of ["legacy", "nft"] as const) loading.set(each, startLoading(each));
    await loading.get(backend);
  }, 180_000);

  for (const name of cases) {
    const need = skipFor(usesCounters(name) ? counterReason : undefined);
    test(`${name}: loads as written, and loading again changes nothing`, need, () => {
      const loaded = openCase(backend, name);
      expect(loaded.status("loaded")).toBe("ok\n");
      for (const tool of loaded.tools) {
        const written = loaded.read(`${tool}.restore`) + loaded.read(`${tool}.jumps`);
        const saved = loaded.read(`saved/${tool}.loaded`);
        if (backend === "legacy") expect(rulesIn(saved)).toEqual(rulesIn(written));
        expect(meaningOf(saved)).toEqual(meaningOf(written));
        expect(withoutCounts(loaded.read(`saved/${tool}.reloaded`))).toBe(withoutCounts(saved));
      }
    });

    test(`${name}: the other forms in which iptables prints these rules are read as the same`, need, () => {
      const loaded = openCase(backend, name);
      for (const tool of loaded.tools) {
        const { rules, notes } = rulesInAnyForm(loaded.read(`saved/${tool}.loaded`));
        expect(notes.filter((note) => !note.includes("tables present"))).toEqual([]);
        expect(rulesInAnyForm(loaded.read(`saved/${tool}.listed-S-v`)).rules).toEqual(rules);
        expect(rulesInAnyForm(loaded.read(`saved/${tool}.listed-nvL`)).rules).toEqual(rules);
        const short = rulesInAnyForm(loaded.read(`saved/${tool}.listed-nL--line-numbers`));
        expect(short.notes.join()).toContain("prints no interfaces");
        const hasInterfaces = [...rules.values()].flat().some((rule) => / -[io] /.test(rule));
        if (!hasInterfaces) expect(withoutHint(short.rules)).toEqual(rules);
      }
    });

    test(`${name}: apply.sh twice does the same, and leaves other rules alone`, need, () => {
      const applied = openCase(backend, name);
      expect(applied.status("applied")).toBe("ok\n");
      for (const tool of applied.tools) {
        const saved = applied.read(`saved/${tool}.applied`);
        const { ours, foreign } = separated(rulesIn(saved));
        expect(ours).toEqual(rulesIn(applied.read(`saved/${tool}.loaded`)));
        expect(foreign).toEqual(["-A FOREIGN -j RETURN", "-A INPUT -i foreign0 -j FOREIGN"]);
        expect(withoutCounts(applied.read(`saved/${tool}.reapplied`))).toBe(withoutCounts(saved));
      }
      if (applied.has("sysctl.conf")) expect(applied.read("saved/sysctl")).toBe(applied.read("sysctl.conf"));
    });
  }
});

/** A rule of a chain of ours may have no condition, and a listing without -v shows no interfaces. */
function withoutHint(rules: ReadonlyMap<string, readonly string[]>) {
  const plain = ([chain, lines]: readonly [string, readonly string[]]) =>
    [chain, lines.map((line) => line.replace(" -m interface --not-listed", ""))] as const;
  return new Map([...rules].map(plain));
}

function openCase(backend: Backend, name: string) {
  const folder = join(workspace, backend, name);
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  const has = (file: string) => existsSync(join(folder, file));
  const status = (way: string) => {
    const said = read(`saved/${way}.status`);
    return said === "ok\n" ? said : said + read(`saved/${way}.log`);
  };
  return { read, has, status, tools: ["iptables", "ip6tables"].filter((tool) => has(`${tool}.restore`)) };
}
