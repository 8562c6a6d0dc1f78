import { describe, expect, it } from "vitest";
import { clusterCidr, here, node, omissionsOf, service, slice } from "../../harness/explain-objects.ts";

const quiet = { config: clusterCidr };

describe("slices that a Service does not get", () => {
  const cases: readonly [string, readonly object[], object, string][] = [
    [
      "no slices",
      [node(), service()],
      quiet,
      "no-slices | every endpoint | no EndpointSlice has the label kubernetes.io/service-name: web",
    ],
    [
      "a slice without the label",
      [node(), service(), slice([here], { metadata: { namespace: "shop", name: "web-abc" } })],
      quiet,
      "slice-without-label | EndpointSlice shop/web-abc | its name suggests this Service, but it has no label kubernetes.io/service-name: web",
    ],
    [
      "a headless slice",
      [
        node(),
        service(),
        slice([here], {
          metadata: {
            namespace: "shop",
            name: "web-1",
            labels: { "kubernetes.io/service-name": "web", "service.kubernetes.io/headless": "" },
          },
        }),
      ],
      quiet,
      "slice-headless | EndpointSlice shop/web-1 | kube-proxy ignores slices with the label service.kubernetes.io/headless",
    ],
    [
      "a slice of names",
      [node(), service(), slice([{ addresses: ["a.example.com"] }], { addressType: "FQDN" })],
      quiet,
      "slice-fqdn | EndpointSlice shop/web-1 | kube-proxy ignores slices of addressType FQDN",
    ],
    [
      "a slice of the other family",
      [node(), service(), slice([{ addresses: ["fd00::5"] }], { addressType: "IPv6" })],
      quiet,
      "slice-other-family | EndpointSlice shop/web-1 | the Service has no cluster IP of its family, IPv6",
    ],
    [
      "an empty slice",
      [node(), service(), slice([])],
      quiet,
      "slice-empty | EndpointSlice shop/web-1 | it has no endpoints",
    ],
    [
      "a port without a number",
      [node(), service(), slice([here], { ports: [{ name: "http" }] })],
      quiet,
      "slice-port-without-number | port http of EndpointSlice web-1 | it has no number",
    ],
    [
      "a port that the Service does not have",
      [
        node(),
        service(),
        slice([here], {
          ports: [
            { name: "http", port: 8080 },
            { name: "metrics", port: 9090 },
          ],
        }),
      ],
      quiet,
      "slice-port-unknown | port metrics of EndpointSlice web-1 | the Service has no TCP port named metrics",
    ],
    [
      "a port that no slice has",
      [node(), service(), slice([here], { ports: [{ name: "web", port: 8080 }] })],
      quiet,
      "port-missing-in-slices | every endpoint | no EndpointSlice has a port http/TCP; existing ports: web/TCP",
    ],
  ];

  it.each(cases)("%s", (_, objects, options, expected) => {
    expect(omissionsOf(objects, options)).toContain(expected);
  });
});
