import type { Hook, Stage } from "../ir/datapath.ts";
import type { Flow } from "./flow.ts";
import type { EvaluatedHost } from "./host.ts";
import { familyOf, isLocal } from "./match-packet.ts";
import type { Packet } from "./packet.ts";

/** One visit of a packet to a hook. */
export interface Passage {
  readonly hook: Hook;
  /** Evaluated again after DNAT, which may change whether the packet is for this node. */
  readonly when: (flow: Flow) => boolean;
  /** Types of stages that the packet does not meet on this visit. */
  readonly skips: readonly Stage["type"][];
}

/** The hooks on a packet's way, in order (ip_rcv, ip_local_deliver, ip_forward, ip_output in the kernel). */
export function passagesOf({ entry }: Packet, host: EvaluatedHost): readonly Passage[] {
  const always = () => true;
  const local = (flow: Flow) => isLocal(flow.destination, host);
  const localUnsent = (flow: Flow) => local(flow) && flow.virtualServer === undefined;
  const remote = (flow: Flow) => !local(flow);
  const sentOn = (flow: Flow) => remote(flow) && flow.virtualServer !== undefined;
  const forwarded = (flow: Flow) => remote(flow) && flow.virtualServer === undefined;
  if (entry === "node") {
    return [
      { hook: "output", when: always, skips: [] },
      { hook: "postrouting", when: always, skips: [] },
      // What a node sends to itself comes back in over lo; its connection has been through nat already.
      { hook: "prerouting", when: local, skips: ["nat"] },
      { hook: "input", when: local, skips: ["nat", "balance"] },
    ];
  }
  return [
    { hook: "prerouting", when: always, skips: [] },
    { hook: "input", when: localUnsent, skips: [] },
    // IPVS sends packets on through LOCAL_OUT: they skip forward, and nat has seen their connection already.
    { hook: "output", when: sentOn, skips: ["nat", "balance"] },
    { hook: "forward", when: forwarded, skips: [] },
    { hook: "postrouting", when: remote, skips: [] },
  ];
}

/** All nat chains of a hook are called by one dispatcher, in the order of their own priorities (nf_nat_proto.c). */
const natPlaces: Readonly<Record<Hook, number>> = {
  prerouting: -100,
  output: -100,
  input: 100,
  postrouting: 100,
  forward: 0,
};

const sorted = new WeakMap<readonly Stage[], Map<string, readonly Stage[]>>();

/** The stages that a packet of a flow's family meets at a hook, in the kernel's order. */
export function stagesAt(hook: Hook, flow: Pick<Flow, "sources">, { stages }: EvaluatedHost): readonly Stage[] {
  const ofHost = sorted.get(stages) ?? new Map<string, readonly Stage[]>();
  sorted.set(stages, ofHost);
  const family = familyOf(flow);
  const known = ofHost.get(`${family} ${hook}`);
  if (known !== undefined) return known;
  const order = (stage: Stage) => (stage.type === "nat" ? natPlaces[hook] : stage.priority);
  const other = family === "ipv4" ? "ip6" : "ip";
  const found = stages
    .filter((stage) => stage.hook === hook && stage.family !== other)
    .sort((a, b) => order(a) - order(b) || a.priority - b.priority);
  ofHost.set(`${family} ${hook}`, found);
  return found;
}
