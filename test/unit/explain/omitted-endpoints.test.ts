import { describe, expect, it } from "vitest";
import { servicePortChains } from "../../../src/programs/kube-proxy/chain-names.ts";

import {
  clusterCidr,
  here,
  node,
  omissionsOf,
  service,
  slice,
  there,
  zonedNode,
} from "../../harness/explain-objects.ts";

const { local: localChain } = servicePortChains("shop/web:http", "tcp");
const quiet = { config: clusterCidr };
const nodePort = { type: "NodePort", ports: [{ name: "http", port: 80, nodePort: 30080 }] };

describe("endpoints that a Service does not get on a node", () => {
  const cases: readonly [string, readonly object[], object, string][] = [
    [
      "no endpoint at all",
      [node(), service(), slice([])],
      quiet,
      "no-endpoints | rules to endpoints | it has no endpoints, so its traffic is rejected",
    ],
    [
      "no usable endpoint",
      [node(), service(), slice([{ ...here, conditions: { ready: false } }])],
      quiet,
      "no-endpoints | rules to endpoints | 0 of 1 endpoints are usable, so its traffic is rejected",
    ],
    [
      "external policy Local without local endpoints",
      [node(), service({ ...nodePort, externalTrafficPolicy: "Local" }), slice([there])],
      quiet,
      `no-local-endpoints | rules in ${localChain} | externalTrafficPolicy is Local and 0 of 1 endpoints are local, so external traffic is dropped`,
    ],
    [
      "internal policy Local without local endpoints",
      [node(), service({ internalTrafficPolicy: "Local" }), slice([there])],
      quiet,
      `no-local-endpoints | rules in ${localChain} | internalTrafficPolicy is Local and 0 of 1 endpoints are local, so traffic to the cluster IP is dropped`,
    ],
    [
      "policy Local in ipvs mode",
      [node(), service({ ...nodePort, externalTrafficPolicy: "Local" }), slice([there])],
      { ...quiet, mode: "ipvs" },
      "local-policy-falls-back | local endpoints for external traffic | externalTrafficPolicy is Local and 0 of 1 endpoints are local: all endpoints are used instead",
    ],
    [
      "an endpoint that is not ready",
      [node(), service(), slice([here, { ...there, conditions: { ready: false } }])],
      quiet,
      "endpoint-not-ready | endpoint 10.0.2.6:8080 (node2) | not ready",
    ],
    [
      "an endpoint that terminates",
      [node(), service(), slice([here, { ...there, conditions: { ready: false, serving: true, terminating: true } }])],
      quiet,
      "endpoint-terminating | endpoint 10.0.2.6:8080 (node2) | terminating: used only if no endpoint is ready, but 1 is",
    ],
    [
      "an endpoint that has stopped serving",
      [node(), service(), slice([here, { ...there, conditions: { ready: false, serving: false, terminating: true } }])],
      quiet,
      "endpoint-not-serving | endpoint 10.0.2.6:8080 (node2) | terminating and no longer serving",
    ],
    [
      "an endpoint elsewhere",
      [node(), service({ internalTrafficPolicy: "Local" }), slice([here, there])],
      quiet,
      "endpoint-not-local | endpoint 10.0.2.6:8080 (node2) | on another node, and internalTrafficPolicy Local uses only local endpoints",
    ],
    [
      "an endpoint elsewhere, for some of its traffic",
      [node(), service({ ...nodePort, externalTrafficPolicy: "Local" }), slice([here, there])],
      quiet,
      "endpoint-not-local | endpoint 10.0.2.6:8080 (node2) for external traffic | on another node, and externalTrafficPolicy Local uses only local endpoints",
    ],
    [
      "an endpoint without a node",
      [node(), service({ internalTrafficPolicy: "Local" }), slice([here, { addresses: ["10.0.3.7"] }])],
      quiet,
      "endpoint-not-local | endpoint 10.0.3.7:8080 | without a nodeName, and internalTrafficPolicy Local uses only local endpoints",
    ],
    [
      "an endpoint for another zone",
      [
        zonedNode("a"),
        service(),
        slice([
          { ...here, hints: { forZones: [{ name: "a" }] } },
          { ...there, hints: { forZones: [{ name: "b" }] } },
        ]),
      ],
      quiet,
      "endpoint-excluded-by-hints | endpoint 10.0.2.6:8080 (node2) | its hints are for zones b, and other endpoints have hints for this node's zone (a)",
    ],
    [
      "an endpoint for another node",
      [
        node(),
        service(),
        slice([
          { ...here, hints: { forNodes: [{ name: "node1" }] } },
          { ...there, hints: { forNodes: [{ name: "node2" }] } },
        ]),
      ],
      quiet,
      "endpoint-excluded-by-hints | endpoint 10.0.2.6:8080 (node2) | its hints are for nodes node2, and other endpoints have hints for this node",
    ],
    [
      "hints that some lack",
      [zonedNode("a"), service(), slice([{ ...here, hints: { forZones: [{ name: "a" }] } }, there])],
      quiet,
      "hints-ignored | zone hints of endpoints | they are ignored: endpoint 10.0.2.6:8080 has none",
    ],
    [
      "hints on a node without a zone",
      [node(), service(), slice([{ ...here, hints: { forZones: [{ name: "a" }] } }])],
      quiet,
      "hints-ignored | zone hints of endpoints | they are ignored: this node has no zone (label topology.kubernetes.io/zone)",
    ],
    [
      "hints for other zones alone",
      [zonedNode("c"), service(), slice([{ ...here, hints: { forZones: [{ name: "a" }] } }])],
      quiet,
      "hints-ignored | zone hints of endpoints | they are ignored: no endpoint has a hint for this node's zone (c)",
    ],
    [
      "an endpoint given twice",
      [
        node(),
        service(),
        slice([here]),
        slice([here], {
          metadata: { namespace: "shop", name: "web-2", labels: { "kubernetes.io/service-name": "web" } },
        }),
      ],
      quiet,
      "endpoint-duplicate | endpoint 10.0.1.5:8080 of EndpointSlice web-1 | EndpointSlice web-2 also lists it and takes precedence",
    ],
  ];

  it.each(cases)("%s", (_, objects, options, expected) => {
    expect(omissionsOf(objects, options)).toContain(expected);
  });

  it("comments, in a large cluster", () => {
    const endpoints = (third: number): object[] =>
      Array.from({ length: 255 }, (_, last) => ({ addresses: [`10.0.${third}.${last + 1}`], nodeName: "node2" }));
    const slices = [1, 2, 3, 4].map((number) =>
      slice(endpoints(number), {
        metadata: { namespace: "shop", name: `web-${number}`, labels: { "kubernetes.io/service-name": "web" } },
      }),
    );
    expect(omissionsOf([node(), service(), ...slices], quiet)).toEqual([
      "comments-omitted | comments in the rules of endpoints | kube-proxy omits them above 1,000 endpoints",
    ]);
  });
});
