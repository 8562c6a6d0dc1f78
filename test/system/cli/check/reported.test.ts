import { describe, expect, it } from "vitest";
import { check } from "./check-inputs.ts";

/** Two nodes, as kubeadm leaves them. */
const nodes = [1, 2].map(
  (number) => `apiVersion: v1
kind: Node
metadata: {name: worker-${number}}
spec: {podCIDRs: [10.64.${number}.0/24]}
status: {addresses: [{type: InternalIP, address: 172.20.5.${number}}, {type: Hostname, address: worker-${number}}]}
`,
);

function service(spec: string, more = ""): string {
  return `apiVersion: v1
kind: Service
metadata: {name: portal, namespace: web}
spec:
  clusterIP: 10.72.3.4
  selector: {app: portal}
  ports: [{name: http, port: 80, targetPort: 8080${more}}]
  ${spec}
`;
}

function slice(nodeName: string): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: portal-k2x, namespace: web, labels: {kubernetes.io/service-name: portal}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: [{addresses: [10.64.1.20], nodeName: ${nodeName}}]
`;
}

interface Reported {
  readonly state: readonly string[];
  readonly flags?: readonly string[];
  readonly code: number;
  readonly says: readonly RegExp[];
}

const reported: Readonly<Record<string, Reported>> = {
  "nodes become NotReady after a Service got the address of one": {
    state: [...nodes, service("externalIPs: [172.20.5.2]"), slice("worker-1")],
    flags: ["--mode", "ipvs"],
    code: 1,
    says: [/error\[node-address-bound\]: 172\.20\.5\.2 is an address of Node worker-2: every other node binds it/],
  },
  "policy Local drops everything, although every node runs the pod": {
    state: [
      ...nodes,
      service("type: NodePort\n  externalTrafficPolicy: Local", ", nodePort: 31080"),
      slice("worker-1.compute.internal"),
    ],
    code: 1,
    says: [
      /warning\[endpoint-node-unknown\]: no Node is named worker-1\.compute\.internal: .*\n?.*policy/i,
      /did you mean worker-1 \(10\.64\.1\.20 is in its pod range\)/,
      /in EndpointSlice web\/portal-k2x, endpoints\[0\]\.nodeName/,
    ],
  },
  "pods time out at the load balancer's address since an upgrade": {
    state: [
      ...nodes,
      service("type: LoadBalancer\n  allocateLoadBalancerNodePorts: false\n  loadBalancerSourceRanges: [192.0.2.0/24]"),
      slice("worker-1"),
    ].map((text) =>
      text.replace(/(?<=192\.0\.2\.0\/24\]\n)$/, "status: {loadBalancer: {ingress: [{ip: 198.51.100.40}]}}\n"),
    ),
    code: 0,
    says: [/info\[source-ranges-without-cluster\].*pods and nodes.*\n?.*198\.51\.100\.40 are dropped/],
  },
};

describe("what people reported, in state", () => {
  it.each(Object.entries(reported))("%s", async (_, { state, flags = [], code, says }) => {
    const result = await check(["-f", "in.yaml", ...flags], { "in.yaml": state.join("---\n") });
    for (const pattern of says) expect(result.stdout).toMatch(pattern);
    expect(result.code).toBe(code);
  });
});
