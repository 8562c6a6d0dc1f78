import type { PacketExplanation } from "../../../index.ts";
import { percent } from "../verdict.ts";
import {
  type Box,
  type ClientId,
  type DoorBox,
  type EndpointBox,
  type MapLayout,
  type Point,
  type ServiceBox,
  trunk,
} from "./layout.ts";

/** A line of the map. */
export interface Edge {
  readonly from: Point;
  readonly to: Point;
  /** `quiet`: possible; `taken`: by the packet; `refused`: where it ends without reaching a pod. */
  readonly kind: "quiet" | "taken" | "refused";
  readonly label: string | undefined;
  readonly shape: "across" | "down" | "branch";
}

type Way = Pick<PacketExplanation, "packet" | "outcomes">;

/** The lines of the map: who may use which address, which endpoints a Service has, and the way of the packet. */
export function edgesOf(layout: MapLayout, way: Way | undefined, selected: string | undefined): readonly Edge[] {
  const quiet = layout.services
    .filter(({ service }) => selected === undefined || service.name === selected || layout.services.length <= 4)
    .flatMap((box) => quietEdges(layout, box));
  return [...quiet, ...(way === undefined ? [] : takenEdges(layout, way))];
}

function quietEdges(layout: MapLayout, box: ServiceBox): readonly Edge[] {
  const clients = box.doors.map(({ door, ...at }) =>
    toDoor(layout, clientOf(layout, door.kind === "cluster IP" ? "pod" : "internet"), layout.isUpright ? box : at),
  );
  const endpoints = pillsOf(layout, box.service.name)
    .filter(({ endpoint }) => endpoint.ready)
    .map((pill) => toPill(layout, box, pill));
  return [...clients, ...endpoints];
}

function pillsOf(layout: MapLayout, service: string): readonly EndpointBox[] {
  return layout.nodes.flatMap(({ endpoints }) => endpoints.filter((pill) => pill.service === service));
}

function clientOf(layout: MapLayout, id: ClientId): Box | undefined {
  return layout.clients.find((client) => client.id === id);
}

function takenEdges(layout: MapLayout, { packet, outcomes }: Way): readonly Edge[] {
  const door = doorOf(layout, packet);
  if (door === undefined) return [];
  const client = clientOf(layout, senderOf(packet));
  const shares = new Map<string, number>();
  for (const { verdict, destination, share } of outcomes) {
    if (verdict !== "delivered" || destination === undefined) continue;
    const address = destination.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
    shares.set(address, (shares.get(address) ?? 0) + share);
  }
  const service = layout.services.find((box) => box.doors.includes(door)) ?? door;
  const name = door.port.slice(0, door.port.lastIndexOf(":"));
  const reached = pillsOf(layout, name)
    .filter(({ endpoint }) => shares.has(endpoint.address))
    .map((pill) => ({
      ...toPill(layout, service, pill),
      kind: "taken" as const,
      label: percent(shares.get(pill.endpoint.address) ?? 0),
    }));
  const kind = shares.size > 0 ? ("taken" as const) : ("refused" as const);
  return [{ ...toDoor(layout, client, layout.isUpright ? service : door), kind, label: undefined }, ...reached];
}

/** Where a packet comes from, on the map. */
export function senderOf({ entry, fromName }: Way["packet"]): ClientId {
  if (fromName === "internet" || entry === "outside") return "internet";
  return entry === "node" ? "node" : "pod";
}

/** The address of the map that a packet is sent to. */
export function doorOf(layout: MapLayout, { to, way, service }: Way["packet"]): DoorBox | undefined {
  const doors = layout.services.flatMap((box) => box.doors);
  const own =
    service === undefined ? doors : doors.filter(({ port }) => port === service || port.startsWith(`${service}:`));
  const exact = own.find(({ door }) => door.address === to);
  return (
    exact ??
    own.find(({ door }) => door.kind === "node port" && to.endsWith(door.address)) ??
    own.find(({ door }) => door.kind === way)
  );
}

function toPill(layout: MapLayout, service: Box, pill: EndpointBox): Edge {
  const to = { x: pill.x - pillInset, y: pill.y + pill.height / 2 };
  const from = layout.isUpright ? { x: trunk, y: service.y + service.height } : right(service);
  return { kind: "quiet", label: undefined, from, to, shape: layout.isUpright ? "branch" : "across" };
}

/** An endpoint is so far inside the box of its node. */
const pillInset = 8;

function toDoor({ isUpright }: MapLayout, client: Box | undefined, door: Box): Edge {
  const from = client ?? door;
  return isUpright
    ? {
        kind: "quiet",
        label: undefined,
        from: bottom(from),
        to: { x: door.x + door.width / 2, y: door.y },
        shape: "down",
      }
    : {
        kind: "quiet",
        label: undefined,
        from: right(from),
        to: { x: door.x, y: door.y + door.height / 2 },
        shape: "across",
      };
}

const right = ({ x, y, width, height }: Box): Point => ({ x: x + width, y: y + height / 2 });
const bottom = ({ x, y, width, height }: Box): Point => ({ x: x + width / 2, y: y + height });
