import { describe, expect, test } from "vitest";
import { keepAllocated } from "../../../src/model/documents/apply-overlay.ts";

const specOf = (value: Readonly<Record<string, unknown>>) => value.spec as Readonly<Record<string, unknown>>;

describe("a Service laid over another", () => {
  const below = {
    type: "NodePort",
    ports: [
      { name: "http", port: 80, nodePort: 30_080 },
      { name: "dns", protocol: "UDP", port: 53, nodePort: 30_053 },
    ],
  };
  const portsOver = (ports: readonly object[]) =>
    specOf(keepAllocated({ spec: { type: "NodePort", ports } }, { spec: below })).ports;

  test("keeps the node ports of its ports, by number, else by name, each once", () => {
    expect(portsOver([{ name: "web", port: 80 }])).toMatchObject([{ nodePort: 30_080 }]);
    expect(portsOver([{ name: "http", port: 8080 }])).toMatchObject([{ nodePort: 30_080 }]);
    const swapped = [
      { name: "http", port: 8080 },
      { name: "web", port: 80 },
    ];
    expect(portsOver(swapped)).toEqual([swapped[0], { ...swapped[1], nodePort: 30_080 }]);
    const taken = [
      { name: "http", port: 8080 },
      { port: 81, nodePort: 30_080 },
    ];
    expect(portsOver(taken)).toEqual(taken);
    expect(portsOver([{ name: "new", port: 53 }])).toEqual([{ name: "new", port: 53 }]);
  });

  test("keeps its load balancer's addresses under the empty status of printed manifests", () => {
    const status = { loadBalancer: { ingress: [{ ip: "203.0.113.1" }] } };
    const spec = { type: "LoadBalancer" };
    expect(keepAllocated({ spec, status: { loadBalancer: {} } }, { spec, status })).toMatchObject({ status });
    const other = { loadBalancer: { ingress: [{ ip: "203.0.113.2" }] } };
    expect(keepAllocated({ spec, status: other }, { spec, status })).toMatchObject({ status: other });
  });

  test("lets its second address go with its second family", () => {
    const dual = { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd00::1"], ipFamilies: ["IPv4", "IPv6"] };
    const over = { ipFamilyPolicy: "SingleStack", ports: [] };
    const { clusterIPs } = specOf(
      keepAllocated({ spec: over }, { spec: { ...dual, ipFamilyPolicy: "PreferDualStack" } }),
    );
    expect(clusterIPs).toEqual(["10.96.0.1"]);
    expect(specOf(keepAllocated({ spec: {} }, { spec: dual }))).toEqual(dual);
  });
});
