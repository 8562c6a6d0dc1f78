import type { StateShape } from "./cluster-states.ts";

export const near = "10.244.0.5";
export const far = "10.244.1.5";
const further = "10.244.1.6";
export const others: StateShape = { api: { type: "NodePort", endpoints: [near, far] } };

/** What may happen to a Service, from one to the other and back. */
export const transitions: Readonly<Record<string, readonly [StateShape, StateShape]>> = {
  "a Service comes": [{}, { web: { endpoints: [near, far] } }],
  "a Service of every kind of address comes": [
    {},
    { web: { type: "LoadBalancer", endpoints: [near, far], externalIp: "198.18.0.1", ranges: ["198.51.100.0/24"] } },
  ],
  "an endpoint is replaced": [{ web: { endpoints: [near, far] } }, { web: { endpoints: [near, further] } }],
  "an endpoint comes": [{ web: { endpoints: [far] } }, { web: { endpoints: [far, further] } }],
  "all endpoints go": [{ web: { type: "NodePort", endpoints: [far] } }, { web: { type: "NodePort", endpoints: [] } }],
  "the node's own endpoint goes": [
    { web: { type: "LoadBalancer", external: "Local", endpoints: [near, far] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [far] } },
  ],
  "endpoints come only elsewhere": [
    { web: { type: "LoadBalancer", external: "Local", endpoints: [] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [far] } },
  ],
  "it opens a node port": [{ web: { endpoints: [near] } }, { web: { type: "NodePort", endpoints: [near] } }],
  "it becomes a load balancer": [
    { web: { type: "NodePort", endpoints: [near] } },
    { web: { type: "LoadBalancer", endpoints: [near] } },
  ],
  "sources are restricted": [
    { web: { type: "LoadBalancer", endpoints: [far] } },
    { web: { type: "LoadBalancer", endpoints: [far], ranges: ["198.51.100.0/24", "192.0.2.10/32"] } },
  ],
  "the external policy turns Local": [
    { web: { type: "LoadBalancer", endpoints: [near, far] } },
    { web: { type: "LoadBalancer", external: "Local", endpoints: [near, far] } },
  ],
  "the internal policy turns Local": [
    { web: { endpoints: [near, far] } },
    { web: { internal: "Local", endpoints: [near, far] } },
  ],
  "the internal policy turns Local, without an endpoint here": [
    { web: { endpoints: [far] } },
    { web: { internal: "Local", endpoints: [far] } },
  ],
  "it gets affinity": [{ web: { endpoints: [near, far] } }, { web: { affinity: true, endpoints: [near, far] } }],
  "an external IP moves to another Service": [
    { web: { endpoints: [near], externalIp: "198.18.0.1" }, mail: { endpoints: [far] } },
    { web: { endpoints: [near] }, mail: { endpoints: [far], externalIp: "198.18.0.1" } },
  ],
};
