import { type Call, makeService } from "./objects.ts";

const named = [
  { name: "http", port: 8080 },
  { name: "dns", port: 53, protocol: "UDP" },
];
const dualStack = { ipFamilyPolicy: "RequireDualStack" };
const onePort = { ports: [{ port: 80 }] };
const twoPorts = {
  ports: [
    { name: "http", port: 80 },
    { name: "dns", port: 53, protocol: "UDP" },
  ],
};

interface Made {
  readonly service: object;
  readonly subsets: readonly object[];
  readonly metadata?: object;
}

/** Endpoints as somebody makes them for a Service without a selector. */
export const endpoints: Readonly<Record<string, Made>> = {
  "one-address": { service: onePort, subsets: [{ addresses: [{ ip: "10.9.0.1" }], ports: [{ port: 8080 }] }] },
  "on-nodes": {
    service: { type: "NodePort", externalTrafficPolicy: "Local", ...onePort },
    subsets: [
      {
        addresses: [
          { ip: "10.9.1.1", nodeName: "node1" },
          { ip: "10.9.1.2", nodeName: "node2", hostname: "a" },
        ],
        ports: [{ port: 8080 }],
      },
    ],
  },
  "not-ready": {
    service: onePort,
    subsets: [{ addresses: [{ ip: "10.9.2.1" }], notReadyAddresses: [{ ip: "10.9.2.2" }], ports: [{ port: 8080 }] }],
  },
  "none-ready": { service: onePort, subsets: [{ notReadyAddresses: [{ ip: "10.9.3.1" }], ports: [{ port: 8080 }] }] },
  "both-families": {
    service: { ...dualStack, ...twoPorts },
    subsets: [{ addresses: [{ ip: "10.9.4.1" }, { ip: "fd00:9::1" }], ports: named }],
  },
  "two-subsets": {
    service: twoPorts,
    subsets: [
      { addresses: [{ ip: "10.9.5.1" }], ports: named },
      { addresses: [{ ip: "10.9.5.2" }], ports: [{ name: "http", port: 9090 }] },
    ],
  },
  "ready-and-not": {
    service: twoPorts,
    subsets: [
      { addresses: [{ ip: "10.9.6.1" }], ports: [{ name: "http", port: 8080 }] },
      { notReadyAddresses: [{ ip: "10.9.6.1" }], ports: [{ name: "dns", port: 53, protocol: "UDP" }] },
    ],
  },
  "without-ports": { service: onePort, subsets: [{ addresses: [{ ip: "10.9.7.1" }] }] },
  "too-many": {
    service: onePort,
    subsets: [
      {
        addresses: Array.from({ length: 1003 }, (_, index) => ({ ip: `10.10.${index >> 8}.${index & 255}` })),
        ports: [{ port: 8080 }],
      },
    ],
  },
  unmirrored: {
    service: onePort,
    subsets: [{ addresses: [{ ip: "10.9.8.1" }], ports: [{ port: 8080 }] }],
    metadata: { labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
  },
  elected: {
    service: onePort,
    subsets: [{ addresses: [{ ip: "10.9.9.1" }], ports: [{ port: 8080 }] }],
    metadata: { annotations: { "control-plane.alpha.kubernetes.io/leader": "{}" } },
  },
  selecting: {
    service: { selector: { app: "nobody" }, ...onePort },
    subsets: [{ addresses: [{ ip: "10.9.10.1" }], ports: [{ port: 8080 }] }],
  },
};

/** Those of which the mirroring controller makes slices. */
export const mirrored = Object.keys(endpoints).filter(
  (name) => !["unmirrored", "elected", "selecting", "without-ports"].includes(name),
);

export async function makeEndpoints(call: Call): Promise<void> {
  for (const [name, { service, subsets, metadata }] of Object.entries(endpoints)) {
    await makeService(call, name, service);
    await call("POST", "/api/v1/namespaces/default/endpoints", { metadata: { name, ...metadata }, subsets });
  }
}
