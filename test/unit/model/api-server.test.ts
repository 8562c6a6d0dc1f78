import { describe, expect, it } from "vitest";
import { compile } from "../../../src/compile/compile.ts";

type Fields = Readonly<Record<string, unknown>>;

const port = { name: "p", port: 80 };
const spec = { clusterIP: "10.96.0.1", ports: [port] };
const balancer = { ...spec, type: "LoadBalancer", ports: [{ ...port, nodePort: 30_000 }] };

const service = (changes: Fields, metadata: Fields = {}, status: Fields = {}): Fields => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", ...metadata },
  spec: { ...spec, ...changes },
  status,
});

const slice = (
  endpoint: Fields,
  ports: readonly Fields[] = [{ name: "p", port: 80 }],
  changes: Fields = {},
): Fields => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  endpoints: [{ addresses: ["10.0.0.1"], ...endpoint }],
  ports,
  ...changes,
});

const endpoints = (subset: Fields): Fields => ({
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "web" },
  subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }], ...subset }],
});

const node = (podCIDRs: readonly string[], podCIDR?: string): Fields => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name: "n" },
  spec: { podCIDRs, podCIDR },
});

const nine = Array.from({ length: 9 }, (_, index) => ({ name: `z${index}` }));

/** What the API server 1.36 says was found by its own validation code (ValidateServiceCreate and its like). */
const refused: Readonly<Record<string, readonly [object: Fields, code: string, field: string]>> = {
  "a label's key": [service({}, { labels: { "a b": "c" } }), "label-invalid", "metadata.labels[a b]"],
  "a label's value": [service({}, { labels: { a: "b c" } }), "label-invalid", "metadata.labels.a"],
  "an annotation's key": [
    service({}, { annotations: { "a/b/c": "" } }),
    "label-invalid",
    "metadata.annotations[a/b/c]",
  ],
  "a selector": [service({ selector: { app: "-" } }), "label-invalid", "spec.selector.app"],
  appProtocol: [
    service({ ports: [{ ...port, appProtocol: "a b" }] }),
    "qualified-name-invalid",
    "spec.ports[0].appProtocol",
  ],
  "appProtocol of a slice": [
    slice({}, [{ port: 80, appProtocol: "" }]),
    "qualified-name-invalid",
    "ports[0].appProtocol",
  ],
  "loadBalancerClass of another type": [
    service({ loadBalancerClass: "a/b" }),
    "service-field-forbidden",
    "spec.loadBalancerClass",
  ],
  "allocateLoadBalancerNodePorts of another type": [
    service({ allocateLoadBalancerNodePorts: false }),
    "service-field-forbidden",
    "spec.allocateLoadBalancerNodePorts",
  ],
  "the annotation of source ranges": [
    service(balancer, { annotations: { "service.beta.kubernetes.io/load-balancer-source-ranges": "10.0.0.0/8, x" } }),
    "cidr-invalid",
    "metadata.annotations[service.beta.kubernetes.io/load-balancer-source-ranges]",
  ],
  "annotations that differ": [
    service(
      {},
      {
        annotations: {
          "service.kubernetes.io/topology-mode": "Auto",
          "service.kubernetes.io/topology-aware-hints": "Disabled",
        },
      },
    ),
    "topology-annotations-differ",
    "metadata.annotations[service.kubernetes.io/topology-mode]",
  ],
  "ingress whose host name is an address": [
    service(balancer, {}, { loadBalancer: { ingress: [{ hostname: "10.0.0.1" }] } }),
    "name-invalid",
    "status.loadBalancer.ingress[0].hostname",
  ],
  "ipMode without an address": [
    service(balancer, {}, { loadBalancer: { ingress: [{ hostname: "a.example", ipMode: "VIP" }] } }),
    "service-field-forbidden",
    "status.loadBalancer.ingress[0].ipMode",
  ],
  "two families of a single stack": [
    service({ clusterIPs: ["10.96.0.1", "fd00::1"], ipFamilyPolicy: "SingleStack" }),
    "ip-family-policy-mismatch",
    "spec.ipFamilyPolicy",
  ],
  "a family that is a word of JavaScript": [
    service({ ipFamilies: ["constructor"] }),
    "ip-families-invalid",
    "spec.ipFamilies",
  ],
  "a host name in a slice": [slice({ hostname: "a.b" }), "endpoint-name-invalid", "endpoints[0].hostname"],
  "a topology label": [
    slice({ deprecatedTopology: { a: "b c" } }),
    "label-invalid",
    "endpoints[0].deprecatedTopology.a",
  ],
  "a zone hinted twice": [
    slice({ hints: { forZones: [{ name: "a" }, { name: "a" }] } }),
    "endpoint-hint-duplicate",
    "endpoints[0].hints.forZones[1].name",
  ],
  "nine nodes hinted": [slice({ hints: { forNodes: nine } }), "slice-too-large", "endpoints[0].hints.forNodes"],
  "a name without dots in an FQDN slice": [
    slice({ addresses: ["web"] }, [], { addressType: "FQDN" }),
    "name-invalid",
    "endpoints[0].addresses[0]",
  ],
  "a subset without addresses": [endpoints({ addresses: [] }), "subset-without-address", "subsets[0]"],
  "a port of Endpoints without number": [endpoints({ ports: [{}] }), "port-out-of-range", "subsets[0].ports[0].port"],
  "two ports of Endpoints, one without name": [
    endpoints({ ports: [{ port: 1 }, { port: 2, name: "b" }] }),
    "endpoints-port-unnamed",
    "subsets[0].ports[0]",
  ],
  "a host name in Endpoints": [
    endpoints({ addresses: [{ ip: "10.0.0.1", hostname: "A" }] }),
    "endpoint-name-invalid",
    "subsets[0].addresses[0].hostname",
  ],
  "two pod ranges of one family": [node(["10.0.0.0/24", "10.0.1.0/24"]), "pod-cidrs-same-family", "spec.podCIDRs"],
  "blanks around a pod range": [node([" 10.0.0.0/24"]), "cidr-invalid", "spec.podCIDRs[0]"],
};

const accepted: Readonly<Record<string, Fields>> = {
  "an empty namespace and type": service({ type: "" }, { namespace: "" }),
  "sessionAffinityConfig without affinity": service({ sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } }),
  "targetPort 0": service({ ports: [{ ...port, targetPort: 0 }] }),
  "upper case in an annotation's key": service({}, { annotations: { "A.example/B": "anything \n at all" } }),
  "a name that starts with a digit": service({}, { name: "1web" }),
  "blanks around a source range": service({ ...balancer, loadBalancerSourceRanges: [" 10.0.0.0/8 "] }),
  "a slice without ports": slice({}, []),
  "an empty protocol in Endpoints": endpoints({ ports: [{ port: 80, protocol: "" }] }),
  "pod ranges that podCIDR overrules": node(["10.0.0.0/24", "10.0.1.0/24"], "10.0.2.0/24"),
  "a pod range of each family": node(["10.0.0.0/24", "fd00::/64"]),
};

function errorsOf(object: Fields): readonly string[] {
  const { diagnostics } = compile([object], { node: "n" });
  return diagnostics.filter(({ severity }) => severity === "error").map(({ code, field }) => `${code} ${field}`);
}

describe("objects are checked as the API server checks them", () => {
  it.each(Object.entries(refused))("refused: %s", (_, [object, code, field]) => {
    expect(errorsOf(object)).toEqual([`${code} ${field}`]);
  });

  it.each(Object.entries(accepted))("accepted: %s", (_, object) => {
    expect(errorsOf(object)).toEqual([]);
  });

  it("Lists within Lists end somewhere", () => {
    let value: unknown = service({});
    for (let depth = 0; depth < 50_000; depth++) value = { apiVersion: "v1", kind: "List", items: [value] };
    const [first] = compile([value], { node: "n" }).diagnostics;
    expect(first).toMatchObject({ code: "document-not-a-mapping" });
  });
});
