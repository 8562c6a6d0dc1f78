import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { type ControlPlane, startControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { comparableSlices } from "../simulate/comparable-slices.ts";
import { type Loose, simulated } from "../simulate/states.ts";
import { makeControlledState, manyPods, services } from "./controlled-state.ts";
import { list, slicesOf, until } from "./objects.ts";

const reason = whyNoCluster();
if (reason !== undefined) console.warn(`SKIPPED, the real controllers: ${reason}`);

const controllers = [
  "endpointslice-controller",
  "endpointslice-mirroring-controller",
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "daemonset-controller",
];

describe.skipIf(reason !== undefined)("the real controllers", () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-controllers-"));
  let cluster: ControlPlane;

  beforeAll(async () => {
    cluster = await startControlPlane(folder, { controllers });
    await makeControlledState(cluster.call);
  }, 300_000);

  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Objects of a kind as they stand, each with its kind, which a list says once for all. */
  const all = async (apiVersion: string, kind: string, path: string): Promise<readonly Loose[]> =>
    (await list(cluster.call, path)).map((item) => ({ apiVersion, kind, ...item }));

  const stateOfCore = async () => [
    ...(await all("v1", "Node", "/api/v1/nodes")),
    ...(await all("v1", "Service", "/api/v1/namespaces/default/services")),
    ...(await all("v1", "Pod", "/api/v1/namespaces/default/pods")),
  ];

  test("simulate makes the slices that the EndpointSlice controller makes", async () => {
    const countOf = async (service: string) =>
      (await slicesOf(cluster.call, service)).flatMap(({ endpoints }) => endpoints ?? []).length;
    await until(
      async () => (await countOf("many")) === 2 * manyPods,
      () => "all of many",
    );
    const made = Object.keys(services).filter((name) => name !== "elsewhere");
    await until(
      async () =>
        new Set((await slicesOf(cluster.call)).map(({ metadata }) => metadata.labels["kubernetes.io/service-name"]))
          .size >= made.length,
      () => "slices of every Service",
    );
    const state = (await stateOfCore()).filter(({ metadata }) => metadata.name !== "kubernetes");
    const ours = simulated(state).of("EndpointSlice");
    const theirs = await slicesOf(cluster.call);
    const of = (slices: readonly Loose[], name: string) =>
      comparableSlices(slices.filter(({ metadata }) => metadata.labels["kubernetes.io/service-name"] === name)).map(
        (text) => JSON.parse(text),
      );
    for (const name of Object.keys(services)) expect.soft(of(ours, name), name).toEqual(of(theirs, name));
  });
});
