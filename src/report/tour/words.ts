import { parseTarget } from "../../datapath/address-set.ts";
import { printPart } from "../../datapath/share.ts";
import type { Tour, TourAnswer, TourDoor, TourEndpoint, TourPort, TourService } from "../../tour/tour.ts";
import { namesText, plural } from "../words.ts";

/** `5 Services on 3 nodes (node1, node2 and node3), iptables mode`. */
export function tourTitle({ services, nodes, mode, simulated }: Tour): string {
  const where = nodes.length === 1 ? `on ${nodes[0]}` : `on ${plural(nodes.length, "node")}`;
  return `${plural(services.length, "Service")} ${where}, kube-proxy in ${mode} mode${simulated > 0 ? ", simulated" : ""}`;
}

/** Doors of a port at which the same clients get the same answers. */
export interface SameDoors {
  readonly who: "outside" | "in-cluster";
  readonly doors: readonly TourDoor[];
  readonly answers: readonly TourAnswer[];
}

/** What a port answers, each answer once: clients outside the cluster first. */
export function sameDoors({ doors }: TourPort): readonly SameDoors[] {
  const found = new Map<string, SameDoors & { readonly doors: TourDoor[] }>();
  for (const door of doors) {
    const who = door.kind === "cluster IP" ? "in-cluster" : "outside";
    const key = JSON.stringify([
      who,
      door.answers.map(({ nodes, client, outcomes }) => [nodes, client.kind, outcomes.map((each) => ({ ...each }))]),
    ]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { who, doors: [door], answers: door.answers });
    else known.doors.push(door);
  }
  return [...found.values()];
}

/** `203.0.113.10:80`, `port 30080 of every node`. */
export function doorAddress({ address, port }: TourDoor): string {
  if (address === null) return `NODE:${port}`;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `10.96.0.10:80 (cluster IP)` */
export function doorText(door: TourDoor): string {
  return door.address === null ? `port ${door.port} of each node (node port)` : `${doorAddress(door)} (${door.kind})`;
}

/** `on node1 and node2: 2 pods, 50% each; they see the client's address`. */
export function answerText(answer: TourAnswer, service: TourService, among: readonly TourAnswer[]): string {
  const isEverywhere = among.every(({ nodes }) => nodes.every((node) => answer.nodes.includes(node)));
  const where = isEverywhere ? [] : [`on ${namesText(answer.nodes)}`];
  const who = clientText(answer);
  const head = [...(who === undefined ? [] : [who]), ...where].join(" ");
  return `${head === "" ? "" : `${head}: `}${endText(answer, service)}`;
}

function clientText({ client }: TourAnswer): string | undefined {
  if (client.kind === "allowed") return `from ${namesText(client.ranges ?? [])}`;
  return client.kind === "others" ? "from elsewhere" : undefined;
}

/** Where packets end, and which source address the pods see. */
export function endText({ outcomes, isLocal }: TourAnswer, service: TourService): string {
  const delivered = outcomes.filter(({ verdict }) => verdict === "delivered");
  const ends = outcomes.filter(({ verdict }) => verdict !== "delivered");
  const others = ends.map(({ verdict, share }) => `${share < 1 ? `${printPart(share)} ` : ""}${verdictTexts[verdict]}`);
  if (delivered.length === 0) return others.join(", ");
  const targets = [...new Set(delivered.map(({ destination }) => destination ?? ""))];
  const isOne = targets.length === 1;
  const [affinity] = delivered.flatMap(({ affinitySeconds }) => affinitySeconds ?? []);
  const seen = [...new Set(delivered.map(({ sees }) => sees))];
  const address = seen.length > 1 ? "the address of the client or the node" : `the ${seen[0]}'s address`;
  const texts = [
    isLocal ? "to the pods of that node only" : `to ${targetsText(targets, delivered, service)}`,
    `${isOne && !isLocal ? "it sees" : "they see"} ${address}`,
    ...(affinity === undefined ? [] : [`a client stays at one pod (${affinity} s)`]),
    ...others,
  ];
  return texts.join("; ");
}

const verdictTexts = {
  delivered: "delivered",
  rejected: "rejected",
  dropped: "dropped silently",
  untouched: "not handled (no rule matches)",
  unknown: "unknown",
} as const;

function targetsText(targets: readonly string[], delivered: TourAnswer["outcomes"], service: TourService): string {
  const [first = ""] = targets;
  if (targets.length === 1) return endpointText(endpointAt(first, service), first);
  const shares = new Set(delivered.map(({ share }) => printPart(share)));
  const [share] = shares;
  if (shares.size === 1) return `${targets.length} ${podsOrEndpoints(service)}, ${share} each`;
  const parts = delivered.map(({ destination = "", share: own }) => {
    const endpoint = endpointAt(destination, service);
    return `${shortName(endpoint?.pod) ?? destination} ${printPart(own)}`;
  });
  return `${targets.length} ${podsOrEndpoints(service)}: ${namesText(parts, 6)}`;
}

function podsOrEndpoints({ endpoints }: TourService): string {
  return endpoints.every(({ pod }) => pod !== undefined) ? "pods" : "endpoints";
}

function endpointAt(target: string, { endpoints }: TourService): TourEndpoint | undefined {
  const address = parseTarget(target)?.address;
  return endpoints.find((endpoint) => endpoint.address === address);
}

/** `pod cart-1 (node1)` */
function endpointText(endpoint: TourEndpoint | undefined, target: string): string {
  const pod = shortName(endpoint?.pod);
  const where = endpoint?.node === undefined ? "" : ` (${endpoint.node})`;
  return pod === undefined ? `${target}${where}` : `pod ${pod}${where}`;
}

function shortName(pod: string | undefined): string | undefined {
  return pod?.replace(/^.*\//, "");
}

/** `pods cart-1 (node1), cart-2 (node2) and 3 more`; states other than ready are named. */
export function endpointsText({ endpoints }: TourService): string {
  const texts = endpoints.map(({ address, pod, node, state }) => {
    const facts = [...(node === undefined ? [] : [node]), ...(state === "ready" ? [] : [state])];
    return `${shortName(pod) ?? address}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}`;
  });
  return texts.length === 0 ? "none" : namesText(texts, 6);
}

/** `2 pods`, `rejected`: where most packets to a port end, for a picture. */
export function shortEnd(port: TourPort, service: TourService): string {
  const outcomes = port.doors.flatMap(({ answers }) => answers.flatMap((answer) => answer.outcomes));
  const targets = new Set(outcomes.flatMap(({ destination }) => destination ?? []));
  if (targets.size > 0) return podCount(targets.size, service);
  return verdictTexts[outcomes[0]?.verdict ?? "unknown"];
}

/** `1 pod`, `3 endpoints`. */
export function podCount(count: number, service: TourService): string {
  return plural(count, podsOrEndpoints(service).slice(0, -1));
}

/** `frontend:http`: without the namespace where all Services are in one. */
export function portName(name: string, { services }: Tour): string {
  const namespaces = new Set(services.map(({ service }) => service.replace(/\/.*$/, "")));
  return namespaces.size === 1 ? name.replace(/^.*\//, "") : name;
}
