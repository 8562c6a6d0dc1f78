import type { ControlPlane } from "../../scripts/cluster/control-plane.mjs";

// biome-ignore lint/suspicious/noExplicitAny: what tests look at has the API's shape
export type Loose = any;

export type Call = ControlPlane["call"];

export interface PodShape {
  readonly name: string;
  readonly node?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** What the kubelet would report; none: not running yet. */
  readonly ips?: readonly string[];
  readonly isReady?: boolean;
  readonly spec?: object;
}

const ports = [
  { name: "http", containerPort: 8080 },
  { name: "dns", containerPort: 5353, protocol: "UDP" },
];

/** A pod as scheduler and kubelet leave it. */
export async function makePod(call: Call, { name, node, labels = { app: name }, ips = [], ...shape }: PodShape) {
  const spec = { nodeName: node, containers: [{ name: "main", image: "example.com/main", ports }], ...shape.spec };
  await call("POST", "/api/v1/namespaces/default/pods", { metadata: { name, labels }, spec });
  if (ips.length > 0) await runPod(call, name, { ips, isReady: shape.isReady ?? true });
}

/** Reports a pod's addresses and whether it is ready, as its kubelet does. */
export function runPod(call: Call, name: string, { ips, isReady }: { ips: readonly string[]; isReady: boolean }) {
  const conditions = ["Ready", "ContainersReady"].map((type) => ({ type, status: isReady ? "True" : "False" }));
  const podIPs = ips.map((ip) => ({ ip }));
  const status = { phase: "Running", podIP: ips[0], podIPs, conditions };
  return call("PATCH", `/api/v1/namespaces/default/pods/${name}/status`, { status });
}

export interface NodeShape {
  readonly name: string;
  /** Empty: none. */
  readonly zone: string;
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
}

export async function makeNode(call: Call, { name, zone, addresses, podCIDRs }: NodeShape): Promise<void> {
  const labels = { "kubernetes.io/hostname": name, ...(zone === "" ? {} : { "topology.kubernetes.io/zone": zone }) };
  const spec = { podCIDR: podCIDRs[0], podCIDRs };
  await call("POST", "/api/v1/nodes", { metadata: { name, labels }, spec });
  await setNodeAddresses(call, name, addresses);
}

export function setNodeAddresses(call: Call, name: string, addresses: readonly string[]) {
  const internal = addresses.map((address) => ({ type: "InternalIP", address }));
  const status = { addresses: internal, conditions: [{ type: "Ready", status: "True" }] };
  return call("PATCH", `/api/v1/nodes/${name}/status`, { status });
}

export const makeService = (call: Call, name: string, spec: object, metadata: object = {}) =>
  call("POST", "/api/v1/namespaces/default/services", { metadata: { name, ...metadata }, spec });

async function list(call: Call, path: string): Promise<readonly Loose[]> {
  return JSON.parse((await call("GET", path)).text).items;
}

/** Objects as they stand alone: a list says their kind once for all. */
export const listAs = async (call: Call, type: object, path: string): Promise<readonly Loose[]> =>
  (await list(call, path)).map((item) => ({ ...type, ...item }));

/** Every EndpointSlice of the namespace `default`, or those of one Service. */
export async function slicesOf(call: Call, service?: string): Promise<readonly Loose[]> {
  const selector = service === undefined ? "" : `?labelSelector=kubernetes.io/service-name%3D${service}`;
  return list(call, `/apis/discovery.k8s.io/v1/namespaces/default/endpointslices${selector}`);
}

/** Asks until the answer is true; fails, with what is said of it, after a minute. */
export async function until(isTrue: () => Promise<boolean> | boolean, what: () => string): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    if (await isTrue()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`it never came to this: ${what()}`);
}

/** What is read of a state that does not change any more. */
export async function settled<T>(read: () => Promise<T>): Promise<T> {
  let last = await read();
  await until(
    async () => {
      const before = JSON.stringify(last);
      last = await read();
      return JSON.stringify(last) === before;
    },
    () => "a state that stays",
  );
  return last;
}
