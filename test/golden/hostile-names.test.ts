import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { checkCompilation } from "../harness/compilation.ts";
import { hasControls } from "../harness/controls.ts";

describe("names never leave their quotes", () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      'a" -j ACCEPT',
      "a\n-A INPUT -j ACCEPT",
      "a\\",
      "a'b",
      "$(reboot)",
      "`reboot`",
      "a;b",
      "a\u001b[2J",
      "COMMIT",
      "-j",
      "a\u2028b",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 20 }),
    fc.stringMatching(/^[a-z0-9.-]{1,20}$/),
  );
  const node = (name: string): unknown => ({ apiVersion: "v1", kind: "Node", metadata: { name } });
  const service = (namespace: string, name: string, port: string): unknown => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace, name },
    spec: { type: "NodePort", clusterIP: "10.0.0.1", ports: [{ name: port, port: 80, nodePort: 30_000 }] },
  });
  const slice = (namespace: string, name: string, port: string, on: string): unknown => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name: "s", labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.1.0.1"], nodeName: on }],
    ports: [{ name: port, port: 80 }],
  });

  it("whatever they are, they are refused or printed as one word of a comment", () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, hostile, fc.nat(15), (a, b, c, d, which) => {
        const [namespace, name, port, on] = [
          which & 1 ? a : "shop",
          which & 2 ? b : "web",
          which & 4 ? c : "http",
          which & 8 ? d : "n",
        ] as const;
        const compilation = compile([node(on), service(namespace, name, port), slice(namespace, name, port, on)], {
          node: on,
        });
        checkCompilation(compilation);
        for (const diagnostic of compilation.diagnostics) {
          expect(hasControls(`${diagnostic.message}${diagnostic.object}${diagnostic.field}`)).toBe(false);
        }
      }),
      { numRuns: 700 },
    );
  });

  it("nor does what the configuration says of interfaces", () => {
    fc.assert(
      fc.property(hostile, fc.boolean(), (text, isBridge) => {
        const proxyConfig = {
          apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
          kind: "KubeProxyConfiguration",
          detectLocalMode: isBridge ? "BridgeInterface" : "InterfaceNamePrefix",
          detectLocal: isBridge ? { bridgeInterface: text } : { interfaceNamePrefix: text },
        };
        checkCompilation(
          compile([service("shop", "web", "http"), slice("shop", "web", "http", "n")], { node: "n", proxyConfig }),
        );
      }),
      { numRuns: 700 },
    );
  });
});
