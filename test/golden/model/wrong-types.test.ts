import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { compile } from "../../../src/compile/compile.ts";
import { locate } from "../../../src/model/documents/locate.ts";
import { readDocuments } from "../../../src/model/documents/read-documents.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Kind = "text" | "number" | "boolean" | "list" | "mapping" | "number or text";

const metadata = {
  name: "a",
  namespace: "b",
  labels: { c: "d" },
  annotations: { e: "f" },
  uid: "g",
  generateName: "a-",
};

/** One object of each kind in which every field is set that is read or checked. */
const objects: Readonly<Record<string, Json>> = {
  Service: {
    apiVersion: "v1",
    kind: "Service",
    metadata,
    spec: {
      type: "LoadBalancer",
      clusterIP: "10.96.0.1",
      clusterIPs: ["10.96.0.1"],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "p", protocol: "TCP", port: 80, targetPort: 80, nodePort: 30080, appProtocol: "http" }],
      selector: { app: "a" },
      externalIPs: ["192.0.2.1"],
      externalName: "",
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
      internalTrafficPolicy: "Cluster",
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 30081,
      loadBalancerIP: "192.0.2.2",
      loadBalancerSourceRanges: ["192.0.2.0/24"],
      loadBalancerClass: "a.example/b",
      allocateLoadBalancerNodePorts: true,
      publishNotReadyAddresses: true,
      trafficDistribution: "PreferClose",
    },
    status: { loadBalancer: { ingress: [{ ip: "192.0.2.3", ipMode: "VIP", hostname: "a.example" }] } },
  },
  EndpointSlice: {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata,
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["10.0.0.1"],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: "h",
        nodeName: "node1",
        zone: "z",
        targetRef: { kind: "Pod", name: "p" },
        deprecatedTopology: { a: "b" },
        hints: { forZones: [{ name: "z" }], forNodes: [{ name: "node1" }] },
      },
    ],
    ports: [{ name: "p", port: 80, protocol: "TCP", appProtocol: "http" }],
  },
  Endpoints: {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata,
    subsets: [
      {
        addresses: [{ ip: "10.0.0.1", nodeName: "node1", hostname: "h", targetRef: { kind: "Pod" } }],
        notReadyAddresses: [{ ip: "10.0.0.2" }],
        ports: [{ name: "p", port: 80, protocol: "TCP", appProtocol: "http" }],
      },
    ],
  },
  Node: {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "node1", labels: { a: "b" }, annotations: { c: "d" } },
    spec: { podCIDR: "10.1.0.0/24", podCIDRs: ["10.1.0.0/24"] },
    status: { addresses: [{ type: "InternalIP", address: "192.0.2.9" }] },
  },
  Host: {
    apiVersion: "portolan/v1alpha1",
    kind: "Host",
    metadata: { name: "node1" },
    addresses: ["192.0.2.9"],
    features: { randomFully: true, nfacct: false },
  },
  KubeProxyConfiguration: {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    hostnameOverride: "node1",
    bindAddress: "0.0.0.0",
    healthzBindAddress: "0.0.0.0:10256",
    metricsBindAddress: "127.0.0.1:10249",
    bindAddressHardFail: false,
    enableProfiling: false,
    showHiddenMetricsForVersion: "",
    mode: "iptables",
    detectLocalMode: "ClusterCIDR",
    clusterCIDR: "10.0.0.0/8",
    portRange: "",
    windowsRunAsService: false,
    featureGates: { AllAlpha: false },
    clientConnection: { kubeconfig: "", acceptContentTypes: "", contentType: "", qps: 5, burst: 10 },
    logging: { format: "text", verbosity: 0, vmodule: [], options: {} },
    iptables: {
      masqueradeBit: 14,
      masqueradeAll: false,
      localhostNodePorts: true,
      syncPeriod: "30s",
      minSyncPeriod: "1s",
    },
    ipvs: {
      syncPeriod: "30s",
      minSyncPeriod: "1s",
      scheduler: "rr",
      excludeCIDRs: ["10.0.0.0/8"],
      strictARP: false,
      tcpTimeout: "0s",
      tcpFinTimeout: "0s",
      udpTimeout: "0s",
    },
    nftables: { masqueradeBit: 14, masqueradeAll: false, syncPeriod: "30s", minSyncPeriod: "1s" },
    winkernel: {
      networkName: "",
      sourceVip: "",
      rootHnsEndpointName: "",
      enableDSR: false,
      forwardHealthCheckVip: false,
    },
    detectLocal: { bridgeInterface: "", interfaceNamePrefix: "" },
    nodePortAddresses: ["10.0.0.0/8"],
    oomScoreAdj: -999,
    configSyncPeriod: "15m0s",
    conntrack: {
      maxPerCore: 1,
      min: 1,
      tcpEstablishedTimeout: "24h",
      tcpCloseWaitTimeout: "1h",
      tcpBeLiberal: false,
      udpTimeout: "0s",
      udpStreamTimeout: "0s",
    },
  },
};

type Path = readonly (string | number)[];

function fieldsOf(value: Json, path: Path = []): readonly Path[] {
  const below = (key: string | number, inner: Json): readonly Path[] => fieldsOf(inner, [...path, key]);
  const here = path.length === 0 ? [] : [path];
  if (Array.isArray(value)) return [...here, ...value.flatMap((inner: Json, index: number) => below(index, inner))];
  if (typeof value !== "object" || value === null) return here;
  return [...here, ...Object.entries(value).flatMap(([key, inner]) => below(key, inner as Json))];
}

function kindOf(value: unknown, path: Path): Kind {
  if (path.at(-1) === "targetPort") return "number or text";
  if (Array.isArray(value)) return "list";
  if (typeof value === "object") return "mapping";
  return typeof value === "string" ? "text" : (typeof value as "number" | "boolean");
}

const samples: Readonly<Record<string, Json>> = {
  text: "7",
  number: 7,
  boolean: true,
  list: ["7"],
  mapping: { seven: 7 },
};

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((here, key) => (here as Record<string, unknown>)[key], value);
}

function withValue(object: Json, path: Path, value: Json): Json {
  const copy = structuredClone(object);
  const parent = valueAt(copy, path.slice(0, -1)) as Record<string | number, Json>;
  parent[path.at(-1) as string] = value;
  return copy;
}

/** Where the field stands: the column and line of its value, of its key when the value is a list or mapping. */
function placeIn(text: string, path: Path): string {
  const { documents } = readDocuments({ name: "in.yaml", text });
  const found = documents[0] && locate(documents[0], path, "value");
  return `${found?.line}:${found?.column}`;
}

describe.each(Object.entries(objects))("every field of %s, given a value of another type", (_, object) => {
  const paths = fieldsOf(object);

  it("is fine as it is", () => {
    expect(compile([object], { node: "node1" }).diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it.each(paths.map((path) => [path.join("."), path] as const))("%s", (_, path) => {
    const right = kindOf(valueAt(object, path), path);
    for (const [kind, value] of Object.entries(samples)) {
      if (right.includes(kind)) continue;
      const text = stringify(withValue(object, path, value));
      const { documents, problems } = readDocuments({ name: "in.yaml", text });
      expect(problems).toEqual([]);
      const { diagnostics, script } = compile([documents[0]?.value], { node: "node1" });
      expect(script).toBeUndefined();
      const found = diagnostics.filter(({ code }) => code === "field-wrong-type");
      expect(
        found.map(({ origin }) => placeIn(text, origin?.path ?? [])),
        `${kind}: ${text}`,
      ).toEqual([placeIn(text, path)]);
      expect(found[0]?.origin?.path).toEqual(path);
    }
  });

  it("null is as good as nothing", () => {
    for (const path of paths) {
      if (typeof path.at(-1) === "number") continue;
      const run = (value: unknown): readonly string[] =>
        compile([value], { node: "node1" }).diagnostics.map(({ code, message }) => `${code}: ${message}`);
      const parent = structuredClone(object);
      delete (valueAt(parent, path.slice(0, -1)) as Record<string, unknown>)[path.at(-1) as string];
      const isDuration = /Period$|^(tcp|tcpFin|udp|udpStream)Timeout$/.test(String(path.at(-1)));
      if (!isDuration) expect(run(withValue(object, path, null)), path.join(".")).toEqual(run(parent));
    }
  });
});
