import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Job } from "kubernetes-models/batch/v1";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { skipFor } from "../harness/skip.ts";
import { image, run, type Storage, useStorage } from "./container/box.ts";
import { type NodeState, type Route, type Walk, walkThrough } from "./container/walk.ts";
import { whyNoKernel } from "./needs.ts";
import { inside, runInMachine, whyNoMachine } from "./uml/start.ts";
import { transpileFolder } from "./uml/transpile.ts";

const tools = ["nft", "ip", "nsenter", "unshare", "sysctl", "ipset", "xtables-legacy-multi", "xtables-nft-multi"];
const builders = ["buildah", "podman", "runc", "mmdebstrap", "npx"];
const reason = whyNoKernel([...tools, ...builders]);
const machineReason = reason ?? whyNoMachine(["ipvsadm"]);

const here = (name: string) => new URL(name, import.meta.url).pathname;
const read = (file: string) => readFileSync(file, "utf8");
const workspace = mkdtempSync(join(tmpdir(), "portolan-container-"));
afterAll(() => rmSync(workspace, { recursive: true }));

const storage: Storage = { folder: join(workspace, "storage") };

/** In a mount namespace of its own, so that nothing is left in the machine's storage. */
async function buildImage(): Promise<void> {
  const script = 'mkdir -p /var/lib/containers && mount -t tmpfs none /var/lib/containers && exec "$@"';
  const args = ["--mount", "sh", "-ec", script, "sh", here("../../scripts/container/build.sh"), image];
  const { code, stderr } = await run("unshare", args, useStorage(storage));
  if (code !== 0) throw new Error(`build.sh: exit ${code}: ${stderr}`);
}

/** What the ConfigMap portolan-state holds. */
function stateFolder(name: string, mode: Route["mode"]): string {
  const folder = join(workspace, name);
  mkdirSync(join(folder, "state"), { recursive: true });
  const [cluster, configuration] = ["cluster.yaml", "kube-proxy.yaml"].map((file) => read(here(`traffic/${file}`)));
  writeFileSync(join(folder, "state", "cluster.yaml"), `${cluster}\n---\n${configuration}\nmode: ${mode}\n`);
  return folder;
}

const job: Job = parse(read(here("../../scripts/deploy/job.yaml")));
const apply = job.spec?.template.spec?.containers[0]?.args?.map((arg) => arg.replace("$(NODE_NAME)", "node1")) ?? [];

/** Where iptables works, the node is a network namespace of this machine. */
function walkHere(backend: Route["backend"], mode: Route["mode"] = "iptables"): Promise<Walk> {
  const box = { storage, folder: stateFolder(`${mode}-${backend}`, mode) };
  return walkThrough({ backend, mode, apply, box, patience: 5000, impatience: 500 });
}

/** For IPVS it is one of a User-Mode Linux, with a podman of its own that reads this machine's image. */
async function walkInMachine(): Promise<Walk> {
  for (const name of ["traffic", "container"]) transpileFolder(here(name), join(workspace, name));
  const box = { storage: { folder: "/run/storage", images: `${inside}/storage/images` }, folder: `${inside}/machine` };
  stateFolder("machine", "ipvs");
  const route: Route = { backend: "legacy", mode: "ipvs", apply, box, patience: 15_000, impatience: 1500 };
  writeFileSync(join(workspace, "route.json"), JSON.stringify(route));
  const mounts =
    "mkdir -p /dev/shm && mount -t tmpfs none /dev/shm && mount -t cgroup2 none /sys/fs/cgroup || exit 1\n";
  const walk = `'${process.execPath}' ${inside}/container/run-walk.mjs ${inside}`;
  await runInMachine(workspace, mounts + walk, { core: availableParallelism() > 1 ? 1 : 0, seconds: 570 });
  return JSON.parse(read(join(workspace, "walk.json")));
}

const walks = [
  { name: "iptables, legacy", means: "IPv4 (iptables-legacy)", why: reason, service: "default/web:tcp" },
  { name: "iptables, nft", means: "IPv4 (iptables-nft)", why: reason, service: "default/web:tcp" },
  {
    name: "nftables",
    means: "make table ip kube-proxy in one transaction: nft",
    why: reason,
    service: "default/web:tcp",
  },
  { name: "ipvs", means: "IPv4 (iptables-legacy)", why: machineReason, service: "default/web" },
] as const;

/** The machine has a core of its own, so it walks while the others do, one after the other. */
let started: ReturnType<typeof startWalks> | undefined;

async function startWalks(): Promise<readonly Promise<Walk>[]> {
  await buildImage();
  const machine = machineReason === undefined ? walkInMachine() : Promise.reject(new Error(machineReason));
  const legacy = walkHere("legacy");
  const nft = legacy.then(() => walkHere("nft"));
  const nftables = nft.then(() => walkHere("nft", "nftables"));
  const all = [legacy, nft, nftables, machine];
  // One that fails is waited for by its own tests only.
  for (const walk of all) walk.catch(() => {});
  return all;
}

/** Policies, chains, rules, sets, virtual servers, addresses, settings; no counters, nor tables that hold nothing. */
function heldIn(state: NodeState): Readonly<Record<string, readonly string[]>> {
  const isEmpty = (line: string) => /^(#.*|COMMIT|\*\w+|:\S+ ACCEPT .*|)$/.test(line);
  // Links come up, and get their own addresses, when they like.
  const passing = / \[\d+:\d+\]$|\b(UP|DOWN|UNKNOWN)\b|fe80::\S+/g;
  const kept = (text: string) =>
    text
      .split("\n")
      .filter((line) => !isEmpty(line))
      .map((line) => line.replace(passing, "").replace(/\s+/g, " ").trim());
  return Object.fromEntries(Object.entries(state).map(([command, text]) => [command, kept(text)]));
}

const bothEndpoints = {
  clusterIP: ["a1 10.244.1.12", "b1 10.244.1.12"],
  clusterIPv6: ["a1 fd00:10:244:1::12", "b1 fd00:10:244:1::12"],
  nodePort: ["a1 10.244.1.1", "b1 192.0.2.11"],
  nodePortUdp: ["a1 10.244.1.1", "b1 192.0.2.11"],
};
const fine = { code: 0 };

describe.each(walks)("a container on a node, $name", ({ name, means, why, service }) => {
  let walk: Walk;
  beforeAll(async () => {
    if (why !== undefined) return;
    started ??= startWalks();
    walk = (await (await started)[walks.findIndex((other) => other.name === name)]) as Walk;
  }, 600_000);
  const step = (title: string, run: () => void): void => test(title, skipFor(why), run);

  step("plan says what there is to do, and with what", () => {
    expect(walk.plan).toMatchObject({ code: 1, stdout: expect.stringContaining(` ${service} `) });
    expect(walk.plan.stdout).toContain(means);
  });

  step("apply does it, and then there is nothing to do", () => {
    expect(walk.apply).toMatchObject(fine);
    expect(walk.planAgain).toMatchObject(fine);
  });

  step("traffic flows by cluster IP and node port", () => expect(walk.flows).toEqual(bothEndpoints));

  step("verify finds nothing", () => expect(walk.verify).toMatchObject(fine));

  step("verify finds what somebody broke, and whom it hurts", () => {
    expect(walk.afterBreaking).toMatch(/^(refused|timeout|unreachable)$/);
    expect(walk.verifyBroken).toMatchObject({ code: 1, stdout: expect.stringContaining(`affects ${service}\n`) });
  });

  step("apply mends it", () => {
    expect(walk.mend).toMatchObject(fine);
    expect(walk.mend.stdout, "all connections go to endpoints that serve").not.toContain("conntrack entry");
    expect(walk.verifyMended).toMatchObject(fine);
    expect(walk.flowsMended).toEqual(bothEndpoints);
  });

  step("cleanup leaves the node as it was", () => {
    expect(walk.cleanup).toMatchObject(fine);
    expect(heldIn(walk.after)).toEqual(heldIn(walk.before));
  });
});
