import type { StoredObject } from "../../harness/cluster-objects.ts";
import { cluster } from "../../harness/cluster-text.ts";
import { type RunningWatch, runWatch, type WatchChoices } from "../../harness/run-watch.ts";
import { stored } from "../../harness/stored-objects.ts";
import { type WatchApi, watchApi } from "../../harness/watch-api.ts";

/** Of the smallest cluster with rules. */
export const objects = stored(cluster);

export function objectOf(kind: string): StoredObject {
  const found = objects.find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`no ${kind}`);
  return found;
}

export function sliceTo(address: string): StoredObject {
  return { ...objectOf("EndpointSlice"), endpoints: [{ addresses: [address], nodeName: "node1" }] };
}

export interface Situation {
  readonly api: WatchApi;
  readonly watch: RunningWatch;
}

/** A watch that has brought its host in step, and waits for events. */
export async function inStep(choices: WatchChoices = {}): Promise<Situation> {
  const api = await watchApi(objects);
  const watch = runWatch(api, choices);
  await watch.until(() => watch.count("synced") === 1 && api.watches() === 4, "the first sync");
  return { api, watch };
}

/** Changes the slice and waits until the host has it. */
export async function followsTo({ api, watch }: Situation, address: string): Promise<void> {
  api.put(sliceTo(address));
  await watch.until(() => watch.rules().includes(`${address}:8080`), `${address} in the rules`);
}
