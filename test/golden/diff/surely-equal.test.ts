import fc from "fast-check";
import { expect, test } from "vitest";
import { pairTables } from "../../../src/diff/changed-chains.ts";
import { compareDestination } from "../../../src/diff/destinations/compare-destination.ts";
import { enumerateDestinations } from "../../../src/diff/destinations/enumerate-destinations.ts";
import { createEquivalencePrefilter } from "../../../src/diff/destinations/equivalence-prefilter.ts";
import type { Side } from "../../../src/diff/side.ts";
import { readEvaluatedHost } from "../../../src/languages/evaluated-host.ts";
import { compiledSide } from "../../harness/text-side.ts";

interface Shape {
  readonly endpoints: number;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer";
  readonly policy: "Cluster" | "Local";
  readonly affinity: boolean;
  readonly ranges: boolean;
}

const shape: fc.Arbitrary<Shape | undefined> = fc.option(
  fc.record({
    endpoints: fc.integer({ min: 0, max: 3 }),
    type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
    policy: fc.constantFrom("Cluster", "Local"),
    affinity: fc.boolean(),
    ranges: fc.boolean(),
  }),
  { nil: undefined },
);

function objectsOf(shapes: readonly (Shape | undefined)[]): readonly object[] {
  const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node1" },
    status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
  };
  return [node, ...shapes.flatMap((each, at) => (each === undefined ? [] : serviceOf(each, at)))];
}

function serviceOf({ endpoints, type, policy, affinity, ranges }: Shape, at: number): readonly object[] {
  const isExternal = type !== "ClusterIP";
  const service = {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "shop", name: `s${at}` },
    spec: {
      type,
      clusterIP: `10.96.0.${at + 1}`,
      ports: [{ port: 80, targetPort: 8080, ...(isExternal ? { nodePort: 30_080 + at } : {}) }],
      ...(isExternal ? { externalTrafficPolicy: policy } : { internalTrafficPolicy: policy }),
      ...(affinity ? { sessionAffinity: "ClientIP" } : {}),
      ...(type === "LoadBalancer" && ranges ? { loadBalancerSourceRanges: ["203.0.113.0/24"] } : {}),
    },
    ...(type === "LoadBalancer" ? { status: { loadBalancer: { ingress: [{ ip: `198.18.0.${at + 1}` }] } } } : {}),
  };
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace: "shop", name: `s${at}-x`, labels: { "kubernetes.io/service-name": `s${at}` } },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080 }],
    // Endpoints are shared by Services, and one is an address that others are translated to.
    endpoints: Array.from({ length: endpoints }, (_, e) => ({
      addresses: [`10.0.${1 + (e % 2)}.${e + 1}`],
      nodeName: e % 2 === 0 ? "node1" : "node2",
    })),
  };
  return [service, slice];
}

function hostOf({ nodes }: Side) {
  const [node] = nodes;
  return readEvaluatedHost(node!.texts, node!.world);
}

const proxyConfig = {
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  clusterCIDR: "10.0.0.0/16",
};

test.each(["iptables", "ipvs", "nftables"] as const)(
  "in %s mode no packet is treated differently where that is said without following it",
  (mode) => {
    let [skipped, followed] = [0, 0];
    const options = { node: "node1", mode, proxyConfig };
    const states = fc.array(shape, { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(states, fc.array(fc.tuple(fc.nat(19), shape), { maxLength: 3 }), (shapes, edits) => {
        const edited = [...shapes];
        for (const [at, to] of edits) edited[at] = to;
        const base = hostOf(compiledSide("base", objectsOf(shapes), options));
        const head = hostOf(compiledSide("head", objectsOf(edited), options));
        const pairs = {
          ipv4: pairTables(base.families.ipv4, head.families.ipv4),
          ipv6: pairTables(base.families.ipv6, head.families.ipv6),
        };
        const isEquivalent = createEquivalencePrefilter(pairs, base, head);
        for (const key of enumerateDestinations([base, head])) {
          if (!isEquivalent(key)) followed += 1;
          else {
            skipped += 1;
            expect(
              compareDestination(base, head, key).flatMap(({ differences }) => differences),
              JSON.stringify(key),
            ).toEqual([]);
          }
        }
      }),
      { numRuns: 12, seed: 6 },
    );
    expect(skipped).toBeGreaterThan(followed);
  },
  60_000,
);
