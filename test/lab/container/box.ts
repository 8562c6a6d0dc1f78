import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const image = "localhost/portolan-under-test";

/** What a process did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where an image is kept and containers are run: all in one folder, nothing in the machine's own storage. */
export interface Storage {
  readonly folder: string;
  /** A storage to read the image from, when it is not in the folder. */
  readonly images?: string;
}

export interface Box {
  readonly storage: Storage;
  /** A process in the network namespace of the node. */
  readonly pid: number;
  /** Holds `state`, and gets `backups` and the lock. */
  readonly folder: string;
  /** Without it: only the capabilities of the DaemonSet that verifies. */
  readonly isPrivileged: boolean;
}

export function useStorage({ folder, images }: Storage): NodeJS.ProcessEnv {
  mkdirSync(folder, { recursive: true });
  const quoted = (name: string) => JSON.stringify(join(folder, name));
  const lines = ["[storage]", 'driver = "overlay"', `graphroot = ${quoted("images")}`, `runroot = ${quoted("run")}`];
  if (images !== undefined) lines.push("[storage.options]", `additionalimagestores = [${JSON.stringify(images)}]`);
  writeFileSync(join(folder, "storage.conf"), `${lines.join("\n")}\n`);
  return { ...process.env, CONTAINERS_STORAGE_CONF: join(folder, "storage.conf") };
}

/** Runs the image on the node as the manifests of scripts/deploy do: root read-only, the node's lock and modules. */
export function runBox({ storage, pid, folder, isPrivileged }: Box, args: readonly string[]): Promise<Ran> {
  const mounts = [`${folder}/state:/state:ro`];
  if (existsSync("/lib/modules")) mounts.push("/lib/modules:/lib/modules:ro");
  if (isPrivileged) {
    mkdirSync(join(folder, "backups"), { recursive: true });
    writeFileSync(join(folder, "xtables.lock"), "");
    mounts.push(`${folder}/xtables.lock:/run/xtables.lock`, `${folder}/backups:/var/lib/portolan`);
  }
  const rights = isPrivileged
    ? ["--privileged"]
    : ["--cap-drop=all", "--cap-add=NET_ADMIN", "--cap-add=NET_RAW", "--cap-add=NET_BIND_SERVICE"];
  // The limits: inherited ones may be higher than a root without CAP_SYS_RESOURCE can set.
  const limits = ["--ulimit=nofile=4096:4096", "--ulimit=nproc=4096:4096"];
  const podman = ["podman", "--runtime=runc", "--cgroup-manager=cgroupfs", `--tmpdir=${storage.folder}/tmp`];
  const flags = ["--rm", "--network=host", "--read-only", "--log-driver=none", ...rights, ...limits];
  const command = [...podman, "run", ...flags, ...mounts.map((mount) => `--volume=${mount}`), image, ...args];
  return run("nsenter", [`--net=/proc/${pid}/ns/net`, ...command], useStorage(storage));
}

export function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(file, args, { env, maxBuffer: 100_000_000 }, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
      resolve({ code, stdout, stderr });
    });
  });
}
