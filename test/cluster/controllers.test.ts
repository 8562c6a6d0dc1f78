import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { whyNoCluster } from "../../scripts/cluster/binaries.mjs";
import { type ControlPlane, startControlPlane } from "../../scripts/cluster/control-plane.mjs";
import { compile } from "../../src/index.ts";
import { comparableSlices, type Loose, simulated } from "../harness/simulate.ts";
import { skipFor } from "../harness/skip.ts";
import { makeControlledState, services } from "./controlled-state.ts";
import { endpoints, makeEndpoints, mirrored } from "./mirrored-state.ts";
import { listAs, runPod, slicesOf, until } from "./objects.ts";
import { makeWorkloads, workloadObjects } from "./workloads.ts";

const reason = whyNoCluster();

const controllers = [
  "endpointslice-controller",
  "endpointslice-mirroring-controller",
  "deployment-controller",
  "replicaset-controller",
  "statefulset-controller",
  "daemonset-controller",
];

const serviceOf = ({ metadata }: Loose): string => metadata.labels?.["kubernetes.io/service-name"];
const inDefault = "/api/v1/namespaces/default";

describe("the real controllers", skipFor(reason), () => {
  const folder = mkdtempSync(join(tmpdir(), "portolan-controllers-"));
  let cluster: ControlPlane;

  beforeAll(async () => {
    cluster = await startControlPlane(folder, { controllers });
    await makeControlledState(cluster.call);
    await makeEndpoints(cluster.call);
  }, 300_000);

  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const nodes = () => listAs(cluster.call, { apiVersion: "v1", kind: "Node" }, "/api/v1/nodes");
  const servicesThere = () => listAs(cluster.call, { apiVersion: "v1", kind: "Service" }, `${inDefault}/services`);
  const podsThere = () => listAs(cluster.call, { apiVersion: "v1", kind: "Pod" }, `${inDefault}/pods`);

  /** Slices of some Services, once two looks at them agree: a controller writes them one by one. */
  const settledSlices = async (isWanted: (slices: readonly Loose[]) => boolean): Promise<readonly Loose[]> => {
    let slices: readonly Loose[] = [];
    await until(
      async () => {
        const before = JSON.stringify(slices);
        slices = await slicesOf(cluster.call);
        return JSON.stringify(slices) === before && isWanted(slices);
      },
      () => `slices that stay: ${JSON.stringify(slices)}`,
    );
    return slices;
  };

  test("simulate makes the slices that the EndpointSlice controller makes", async () => {
    const names = Object.keys(services);
    const theirs = await settledSlices((slices) => new Set(slices.map(serviceOf)).size >= names.length - 1);
    const state = [...(await nodes()), ...(await servicesThere()), ...(await podsThere())];
    const ours = simulated(state).of("EndpointSlice");
    for (const name of names) {
      const [want, have] = [theirs, ours].map((slices) =>
        comparableSlices(slices.filter((slice) => serviceOf(slice) === name)).map((text) => JSON.parse(text)),
      );
      expect.soft(have, name).toEqual(want);
    }
    expect(theirs.filter((slice) => serviceOf(slice) === "many")).toHaveLength(6);
  });

  test("Endpoints compile to what the slices compile to that the mirroring controller makes of them", async () => {
    const isMirrored = (slices: readonly Loose[]) =>
      mirrored.every((name) => slices.some((slice) => serviceOf(slice) === name));
    const theirs = (await settledSlices(isMirrored)).map((slice) => ({
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      ...slice,
    }));
    const endpointsThere = await listAs(
      cluster.call,
      { apiVersion: "v1", kind: "Endpoints" },
      `${inDefault}/endpoints`,
    );
    const state = [...(await nodes()), ...(await servicesThere())];
    const compiled = (node: string, isChosen: (name: string) => boolean) => {
      const chosen = theirs.filter((slice) => isChosen(serviceOf(slice)));
      const own = endpointsThere.filter((one) => isChosen(nameOf(one)));
      const selected = theirs.filter((slice) => serviceOf(slice) === "selecting");
      const there = state.filter((one) => one.kind === "Node" || isChosen(nameOf(one)));
      return [chosen, [...own, ...selected]].map((more) => {
        const { script, diagnostics } = compile([...there, ...more], { node });
        expect(diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
        return script?.steps.map(({ file, stdin }) => `${file}\n${new TextDecoder().decode(stdin)}`).join("\n") ?? "";
      });
    };
    for (const node of ["node1", "node2"]) {
      const [want, have] = compiled(node, (name) => name in endpoints && name !== "too-many");
      expect(have).toBe(want);
    }
    // Which of too many are taken hangs on hashes of Go's.
    const counts = compiled("node1", (name) => name === "too-many").map(
      (text) => text.match(/--to-destination/g)?.length,
    );
    expect(counts).toEqual([1000, 1000]);
  });

  test("workloads have as many pods as simulate gives them, and slices of the same shape", async () => {
    for (const node of ["node1", "node2"])
      await cluster.call("PATCH", `/api/v1/nodes/${node}`, { spec: { taints: null } });
    await makeWorkloads(cluster.call);
    const wanted = simulated([...(await nodes()), ...workloadObjects]);
    const podsOf = (pods: readonly Loose[], app: string) => pods.filter(({ metadata }) => metadata.labels?.app === app);
    const started = new Set<string>();
    await until(
      async () => {
        const pods = (await podsThere()).filter(({ metadata }) => metadata.labels?.workload === "yes");
        for (const { metadata, spec } of pods.filter(({ metadata }) => !started.has(metadata.name))) {
          started.add(metadata.name);
          if (spec.nodeName === undefined) await bind(metadata.name, nodeWanted(spec));
          await runPod(cluster.call, metadata.name, { ips: [`10.244.8.${started.size}`], isReady: true });
        }
        return pods.length === wanted.of("Pod").length;
      },
      () => `${wanted.of("Pod").length} pods instead of ${[...started].join(", ")}`,
    );
    const pods = await podsThere();
    const slices = await settledSlices(
      (all) => all.filter((slice) => serviceOf(slice) === "sets")[0]?.endpoints?.length === 2,
    );
    for (const app of ["web", "sets", "agents"]) {
      const [theirs, ours] = [podsOf(pods, app), podsOf(wanted.of("Pod"), app)];
      expect(ours.length, app).toBe(theirs.length);
      if (app === "sets") expect(ours.map(nameOf).sort()).toEqual(theirs.map(nameOf).sort());
      const [want, have] = [slices, wanted.of("EndpointSlice")].map((all) =>
        all.filter((slice) => serviceOf(slice) === app).map(shapeOf),
      );
      expect(have, app).toEqual(want);
    }
  });

  const bind = (name: string, node: string) =>
    cluster.call("POST", `${inDefault}/pods/${name}/binding`, {
      metadata: { name },
      target: { kind: "Node", name: node },
    });
});

const nameOf = ({ metadata }: Loose): string => metadata.name;

/** The DaemonSet controller says it of each of its pods. */
function nodeWanted({ affinity }: Loose): string {
  const terms = affinity?.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
  return terms?.[0].matchFields[0].values[0] ?? "node1";
}

/** What of a slice does not hang on names, addresses and nodes. */
function shapeOf({ addressType, ports, endpoints, metadata }: Loose): unknown {
  const isNamed = metadata.labels["kubernetes.io/service-name"] === "sets";
  return {
    addressType,
    ports,
    headless: metadata.labels["service.kubernetes.io/headless"],
    endpoints: endpoints
      .map(({ conditions, hostname, targetRef }: Loose) => [
        conditions,
        hostname,
        targetRef.kind,
        isNamed ? targetRef.name : undefined,
      ])
      .sort(),
  };
}
