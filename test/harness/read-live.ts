import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type LiveRequest, readLive } from "../../src/host/kube/read-live.ts";
import { manyServices, testNode } from "./cluster-objects.ts";
import { type ConfigParts, type FakeApiOptions, fakeApi, kubeconfig } from "./fake-api.ts";

/** Of the test file: gone when it has ended. */
export const folder = mkdtempSync(join(tmpdir(), "portolan-live-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

export function file(content: string, mode = 0o600): string {
  const path = join(folder, `file-${++files}`);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

const nobody = { context: undefined, cluster: undefined, user: undefined, as: undefined };

/** What is read with this kubeconfig, or the message where nothing is. */
export async function read(config: ConfigParts | string, request: Partial<LiveRequest> = {}) {
  const path = file(typeof config === "string" ? config : kubeconfig(config));
  const whole = { kubeconfig: path, patience: 5000, need: "rules", withConfiguration: true, ...nobody } as const;
  const result = await readLive({ ...whole, ...request }, () => {});
  return result.kind === "live" ? result : result.message.replaceAll(path, "CONFIG");
}

/** Reads from a server that does this. */
export async function readFrom(options: FakeApiOptions, config: Omit<ConfigParts, "server"> = {}, request = {}) {
  const { url } = await fakeApi([testNode, ...manyServices(3)], options);
  const result = await read({ server: url, ...config }, request);
  return typeof result === "string" ? result.replaceAll(url, "URL") : result;
}
