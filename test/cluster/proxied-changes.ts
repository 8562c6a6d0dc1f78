import { type Call, makeService, runPod, setNodeAddresses, slicesOf } from "./objects.ts";
import { dualStack, placePod, podIps, setIngress } from "./proxied-state.ts";

export interface Change {
  readonly title: string;
  readonly act: (call: Call) => Promise<unknown>;

  /** kube-proxy is started anew: it does not look at the address of its node again, and keeps old comments. */
  readonly restarts?: true;
  /** kube-proxy rewrites the chains of what has changed only, and so keeps comments it would no longer write. */
  readonly keepsComments?: true;
  /** Whether the controllers have followed. */
  readonly isDone?: (call: Call) => Promise<boolean>;
}

const inDefault = "/api/v1/namespaces/default";
const remove = (call: Call, path: string, body: object = {}) => call("DELETE", `${inDefault}/${path}`, body);
const change = (call: Call, service: string, spec: object) =>
  call("PATCH", `${inDefault}/services/${service}`, { spec });

async function endpoints(call: Call, service: string) {
  return (await slicesOf(call, service)).flatMap((slice) => slice.endpoints ?? []);
}

const countIs =
  (service: string, count: number, condition: "ready" | "terminating" = "ready") =>
  async (call: Call) => {
    const found = await endpoints(call, service);
    return found.filter(({ conditions }) => conditions[condition]).length === count;
  };

const clusterIp = { type: "ClusterIP", loadBalancerSourceRanges: null, externalTrafficPolicy: null };

/** What may happen to the state of proxied-state.ts, one after the other. */
export const changes: readonly Change[] = [
  { title: "nothing yet", act: async () => {}, isDone: countIs("web", 8) },
  {
    title: "an endpoint goes, another comes",
    act: (call) =>
      Promise.all([
        remove(call, "pods/web-12", { gracePeriodSeconds: 0 }),
        placePod(call, "web", { node: 2, host: 16 }),
      ]),
    isDone: async (call) => {
      const addresses = (await endpoints(call, "web")).flatMap((one) => one.addresses);
      return addresses.includes("10.244.2.16") && !addresses.includes("10.244.1.12");
    },
  },
  {
    title: "all endpoints of a Service terminate",
    act: (call) => Promise.all([31, 32].map((host) => remove(call, `pods/drain-${host}`, { gracePeriodSeconds: 300 }))),
    isDone: countIs("drain", 2, "terminating"),
  },
  {
    title: "the last local endpoint is not ready any more",
    act: (call) => runPod(call, "web-11", { ips: podIps(1, 11), isReady: false }),
    isDone: countIs("web", 6),
  },
  {
    title: "the last endpoint of a Service goes, and one without gets its first",
    act: (call) =>
      Promise.all([
        remove(call, "pods/far-21", { gracePeriodSeconds: 0 }),
        runPod(call, "sick-41", { ips: podIps(1, 41), isReady: true }),
      ]),
    isDone: async (call) => (await countIs("inside-local", 0)(call)) && (await countIs("sick", 2)(call)),
  },
  {
    title: "a Service comes",
    act: (call) =>
      makeService(call, "late", {
        type: "NodePort",
        selector: { app: "web" },
        ...dualStack,
        ports: [{ port: 80, targetPort: "http", nodePort: 30090 }],
      }),
    isDone: countIs("late", 6),
  },
  {
    title: "Services go, whose slices nobody collects",
    act: (call) => Promise.all(["late", "six", "external", "lb-local"].map((name) => remove(call, `services/${name}`))),
  },
  {
    title: "a ClusterIP becomes a NodePort, another a LoadBalancer",
    act: async (call) => {
      await change(call, "sick", { type: "NodePort", externalTrafficPolicy: "Local" });
      await change(call, "near", { type: "LoadBalancer", loadBalancerSourceRanges: ["198.51.100.0/24"] });
      await setIngress(call, "near", [{ ip: "198.51.100.40" }]);
    },
  },
  {
    title: "and back",
    act: (call) => Promise.all(["sick", "near"].map((name) => change(call, name, clusterIp))),
  },
  {
    title: "ports, policies, ranges, affinity and addresses of a Service change",
    act: async (call) => {
      await change(call, "web", { ports: [{ name: "http", port: 8000, targetPort: 9000 }] });
      await change(call, "node-port", { externalTrafficPolicy: "Local", internalTrafficPolicy: "Local" });
      await change(call, "lb", { loadBalancerSourceRanges: ["203.0.113.0/24"], sessionAffinity: "ClientIP" });
      await change(call, "sticky", { sessionAffinity: "None" });
      await change(call, "external-local", { externalIPs: ["203.0.113.9"] });
      await setIngress(call, "lb", [{ ip: "198.51.100.22" }]);
    },
    isDone: async (call) => (await slicesOf(call, "web")).every(({ ports }) => ports?.[0]?.port === 9000),
  },
  {
    title: "a node is moved to another zone",
    act: (call) =>
      call("PATCH", "/api/v1/nodes/node1", { metadata: { labels: { "topology.kubernetes.io/zone": "zone-2" } } }),
  },
  {
    title: "more than a thousand endpoints: comments are left out",
    keepsComments: true,
    act: (call) => makeManyEndpoints(call, 1001),
  },
  {
    title: "a Service changes meanwhile",
    keepsComments: true,
    act: (call) => change(call, "sticky", { sessionAffinity: "ClientIP" }),
  },
  {
    title: "a few endpoints again",
    keepsComments: true,
    act: (call) => makeManyEndpoints(call, 3),
  },
  {
    title: "a node gets another address",
    restarts: true,
    act: (call) => setNodeAddresses(call, "node1", ["203.0.113.5", "2001:db8:2::1"]),
  },
];

async function makeManyEndpoints(call: Call, count: number): Promise<void> {
  const path = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices";
  const slice = {
    metadata: { name: "hand-many", labels: { "kubernetes.io/service-name": "hand" } },
    addressType: "IPv4",
    ports: [{ name: "", port: 9000 }],
  };
  for (let at = 0; at < 2; at++) {
    const name = `hand-many-${at}`;
    const half = Math.ceil(count / 2);
    const own = Array.from({ length: at === 0 ? half : count - half }, (_, index) => ({
      addresses: [`10.${10 + at}.${index >> 8}.${index & 255}`],
    }));
    const isThere = (await call("GET", `${path}/${name}`)).status === 200;
    if (isThere) await call("PATCH", `${path}/${name}`, { endpoints: own });
    else await call("POST", path, { ...slice, metadata: { ...slice.metadata, name }, endpoints: own });
  }
}
