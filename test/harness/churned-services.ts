import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { StoredObject } from "./cluster-objects.ts";
import { cluster } from "./cluster-text.ts";
import { stored } from "./stored-objects.ts";

const base = stored(cluster);
const service = base.find(({ kind }) => kind === "Service") as StoredObject;
const slice = base.find(({ kind }) => kind === "EndpointSlice") as StoredObject;

/** The Service number `index` of those whose endpoints come and go. */
export function churnedService(index: number): StoredObject {
  const spec = { clusterIP: churnedVip(index), ports: [{ port: 80 }] };
  return { ...service, metadata: { ...service.metadata, name: `s${index}` }, spec };
}

/** Its EndpointSlice: another address in each turn. */
export function churnedSlice(index: number, turn: number): StoredObject {
  const labels = { "kubernetes.io/service-name": `s${index}` };
  const endpoints = [{ addresses: [churnedAddress(index, turn)] }];
  return { ...slice, metadata: { ...slice.metadata, name: `s${index}-x`, labels }, endpoints };
}

export function churnedVip(index: number): string {
  return `10.96.1.${index}`;
}

export function churnedAddress(index: number, turn: number): string {
  return `10.${turn % 200}.${Math.floor(turn / 200) % 200}.${index + 1}`;
}

/** In a soak garbage is collected before memory is looked at. Workers of vitest do not take `--expose-gc`. */
export const isSoak = process.env.SOAK !== undefined;

const collectGarbage = isSoak ? exposedCollector() : () => {};

function exposedCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}

export function usedMegabytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}

/** Twenty points of a curve. */
export function outlineOf(curve: readonly number[]): string {
  const points = curve.filter((_, index) => index % Math.ceil(curve.length / 20) === 0);
  return points.map(Math.round).join(" ");
}
