import { execFile, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { skipFor } from "../harness/skip.ts";
import { compileInto, goldenCasesOf, readManifests } from "./compile-folder.ts";
import { foreign, foundState, type Loaded, openLoaded, writtenState } from "./loaded-ipvs.ts";
import { meaningOf, separated, withoutCounts } from "./loaded-rules.ts";
import { type Backend, makeToolFolder, whyNoKernel } from "./needs.ts";
import { inside, runInMachine, whyNoMachine } from "./uml/start.ts";

const loader = new URL("load-ipvs-cases.sh", import.meta.url).pathname;
const cases = goldenCasesOf("ipvs");
const workspace = mkdtempSync(join(tmpdir(), "portolan-ipvs-"));
afterAll(() => rmSync(workspace, { recursive: true }));

const kernelTools = ["unshare", "ipset", "xtables-legacy-multi", "xtables-nft-multi"];
const kernelReason = whyNoKernel(kernelTools);
const machineReason = whyNoMachine(["ipset", "ipvsadm", "ip", "unshare", "sysctl", "xtables-legacy-multi"]);

function compileAll(folder: string, names: readonly string[]): void {
  for (const name of names) compileInto(join(folder, name), readManifests(name), "ipvs");
}

/** As many machines as cores, at most four, each with its share of the cases. */
const machines = Math.min(availableParallelism(), 4);
const homeOf = (index: number) => join(workspace, `machine${index % machines}`);
const folderOf = (name: string) => join(homeOf(cases.indexOf(name)), "cases", name);

async function loadInMachine(core: number): Promise<void> {
  const home = homeOf(core);
  mkdirSync(home);
  copyFileSync(loader, join(home, "load.sh"));
  makeToolFolder(join(home, "tools"), "legacy");
  const share = cases.filter((_, index) => index % machines === core);
  compileAll(join(home, "cases"), share);
  await runInMachine(home, `sh ${inside}/load.sh ${inside}/tools ${inside}/cases`, { core });
}

describe("in a kernel with IPVS", skipFor(machineReason), () => {
  beforeAll(async () => {
    await Promise.all(Array.from({ length: machines }, (_, core) => loadInMachine(core)));
  }, 400_000);

  test.each(cases)("%s: loads as written", (name) => {
    const loaded = openLoaded(folderOf(name));
    expect(loaded.status("loaded")).toBe("ok\n");
    expect(foundState(loaded, "loaded")).toEqual(writtenState(loaded));
  });

  test.each(cases)(
    "%s: apply.sh does the same, leaves other things alone, and changes nothing when run again",
    (name) => {
      const loaded = openLoaded(folderOf(name));
      expect(loaded.status("applied")).toBe("ok\n");
      expect(ownState(loaded, "applied")).toEqual(writtenState(loaded));
      for (const file of ["ipset", "ipvs", "addresses", "sysctl", "timeouts", ...loaded.tools]) {
        const first = withoutCounts(loaded.read(`saved/applied.${file}`));
        expect(withoutCounts(loaded.read(`saved/reapplied.${file}`)), file).toBe(first);
      }
    },
  );
});

/** Without what was there before apply.sh; fails when that is gone. */
function ownState(loaded: Loaded, way: string) {
  const { rules, sets, servers, ...rest } = foundState(loaded, way);
  const apart = rules.map(separated);
  const foreignRules = ["-A FOREIGN -j RETURN", "-A INPUT -i foreign0 -j FOREIGN"];
  expect(apart.map((each) => each.foreign)).toEqual(rules.map(() => foreignRules));
  expect([sets, servers]).toEqual([expect.arrayContaining([foreign.set]), expect.arrayContaining([foreign.server])]);
  return {
    ...rest,
    rules: apart.map(({ ours }) => ours),
    sets: sets.filter((line) => line !== foreign.set),
    servers: servers.filter((line) => line !== foreign.server),
  };
}

/** Rules that ask which virtual server a packet is for need a kernel module that comes with IPVS. */
const asksForServers = (name: string) => {
  const written = (tool: string) => join(workspace, "legacy", name, `${tool}.restore`);
  return ["iptables", "ip6tables"].some((tool) => / -m ipvs /.test(readOr(written(tool))));
};

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const matchServers = ["xtables-legacy-multi", "iptables", "-A", "INPUT", "-m", "ipvs", "--ipvs"];
const serversReason =
  kernelReason ??
  (spawnSync("unshare", ["-n", ...matchServers]).status === 0 ? undefined : "no match ipvs in this kernel");

describe.each<Backend>(["legacy", "nft"])("sets here, iptables-%s", skipFor(kernelReason), (backend) => {
  beforeAll(async () => {
    const folder = join(workspace, backend);
    compileAll(folder, cases);
    const tools = makeToolFolder(join(workspace, `tools-${backend}`), backend);
    await promisify(execFile)("sh", [loader, tools, folder, "rules"]);
  }, 120_000);

  test.for(cases)("%s: sets and rules load as written", (name, { skip }) => {
    // Known once the cases are compiled.
    if (serversReason !== undefined && asksForServers(name)) skip(serversReason);
    const loaded = openLoaded(join(workspace, backend, name));
    expect(loaded.status("rules")).toBe("ok\n");
    const { rules, sets } = foundState(loaded, "rules");
    const written = writtenState(loaded);
    expect(sets).toEqual(written.sets);
    if (backend === "legacy") expect(rules).toEqual(written.rules);
    for (const tool of loaded.tools) {
      const asked = loaded.read(`${tool}.restore`) + loaded.read(`${tool}.jumps`);
      expect(meaningOf(loaded.read(`saved/rules.${tool}`))).toEqual(meaningOf(asked));
    }
  });
});
