import { groupBy } from "../../../model/group-by.ts";
import type { Door, EndpointPicture, Picture, ServicePicture } from "../../protocol.ts";

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Where everything on the map is. */
export interface MapLayout {
  readonly width: number;
  readonly height: number;
  /** Clients beside the Services, or above them where there is little room. */
  readonly isUpright: boolean;
  readonly clients: readonly (Box & { readonly id: ClientId })[];
  readonly services: readonly ServiceBox[];
  readonly nodes: readonly NodeBox[];
}

export type ClientId = "internet" | "pod" | "node";

export interface ServiceBox extends Box {
  readonly service: ServicePicture;
  readonly doors: readonly DoorBox[];
}

export interface DoorBox extends Box {
  readonly door: Door;
  /** `shop/frontend:http` */
  readonly port: string;
}

export interface NodeBox extends Box {
  /** Undefined: endpoints of which no node is known. */
  readonly name: string | undefined;
  readonly endpoints: readonly EndpointBox[];
}

export interface EndpointBox extends Box {
  readonly endpoint: EndpointPicture;
  readonly service: string;
}

/** Where upright maps have the line from a Service to its endpoints. */
export const trunk = 16;

const clientIds: readonly ClientId[] = ["internet", "pod", "node"];
const gap = 14;
const titleHeight = 34;
const doorHeight = 24;
const pillHeight = 24;

/** Lays out these Services, with the nodes of their endpoints. */
export function layoutMap(services: readonly ServicePicture[], picture: Picture, width: number): MapLayout {
  return width < 520 ? layoutUpright(services, picture, width) : layoutAcross(services, picture, width);
}

function layoutAcross(services: readonly ServicePicture[], picture: Picture, width: number): MapLayout {
  const clientWidth = 82;
  const nodeWidth = Math.min(180, Math.round(width * 0.25));
  const lane = Math.max(44, Math.round(width * 0.08));
  const serviceX = clientWidth + lane;
  const serviceWidth = width - nodeWidth - lane - serviceX;
  const boxes = stackServices(services, { x: serviceX, y: 1, width: serviceWidth });
  const nodes = stackNodes(services, picture, { x: width - nodeWidth - 1, y: 1, width: nodeWidth });
  const clientsHeight = clientIds.length * 44 + (clientIds.length - 1) * gap;
  const height = Math.max(bottomOf(boxes), bottomOf(nodes), clientsHeight) + 1;
  const top = Math.max(1, (Math.min(height, 460) - clientsHeight) / 2);
  const clients = clientIds.map((id, index) => ({
    id,
    x: 1,
    y: top + index * (44 + gap),
    width: clientWidth,
    height: 44,
  }));
  const lower = <B extends Box>(all: readonly B[]): number => Math.max(0, (height - bottomOf(all)) / 2);
  const shiftedServices = boxes.map((box) => moved(box, lower(boxes)));
  return {
    width,
    height,
    isUpright: false,
    clients,
    services: shiftedServices,
    nodes: nodes.map((box) => movedNode(box, lower(nodes))),
  };
}

function layoutUpright(services: readonly ServicePicture[], picture: Picture, width: number): MapLayout {
  const clientWidth = (width - 2 - 2 * gap) / 3;
  const clients = clientIds.map((id, index) => ({
    id,
    x: 1 + index * (clientWidth + gap),
    y: 1,
    width: clientWidth,
    height: 44,
  }));
  const boxes = stackServices(services, { x: 1, y: 100, width: width - 2 });
  const nodes = stackNodes(services, picture, { x: trunk * 2, y: bottomOf(boxes) + 20, width: width - 1 - trunk * 2 });
  return { width, height: bottomOf(nodes) + 1, isUpright: true, clients, services: boxes, nodes };
}

type Column = Omit<Box, "height">;

function stackServices(services: readonly ServicePicture[], { x, y, width }: Column): readonly ServiceBox[] {
  const boxes: ServiceBox[] = [];
  let top = y;
  for (const service of services) {
    const doors = service.ports.flatMap(({ name, doors: all }) =>
      all.map((door) => ({ door, port: `${service.name}:${name}` })),
    );
    const height = titleHeight + Math.max(1, doors.length) * doorHeight + 8;
    boxes.push({
      service,
      x,
      y: top,
      width,
      height,
      doors: doors.map((one, index) => ({
        ...one,
        x,
        y: top + titleHeight + index * doorHeight,
        width,
        height: doorHeight,
      })),
    });
    top += height + gap;
  }
  return boxes;
}

function stackNodes(
  services: readonly ServicePicture[],
  picture: Picture,
  { x, y, width }: Column,
): readonly NodeBox[] {
  const all = services.flatMap((service) => service.endpoints.map((endpoint) => ({ endpoint, service: service.name })));
  const groups = groupBy(all, ({ endpoint }) => endpoint.node);
  const names = [
    ...picture.nodes.filter((name) => groups.has(name) || picture.nodes.length <= 6),
    ...(groups.has(undefined) ? [undefined] : []),
  ];
  const boxes: NodeBox[] = [];
  let top = y;
  for (const name of names) {
    const own = groups.get(name) ?? [];
    const shown = own.slice(0, mostPills);
    const height = titleHeight - 4 + Math.max(1, shown.length) * (pillHeight + 4) + 6;
    const endpoints = shown.map((one, index) => ({
      ...one,
      x: x + 8,
      y: top + titleHeight - 4 + index * (pillHeight + 4),
      width: width - 16,
      height: pillHeight,
    }));
    boxes.push({ name, x, y: top, width, height, endpoints });
    top += height + gap;
  }
  return boxes;
}

/** Endpoints of one node that are drawn. */
const mostPills = 12;

function bottomOf(boxes: readonly Box[]): number {
  return Math.max(0, ...boxes.map(({ y, height }) => y + height));
}

function moved(box: ServiceBox, by: number): ServiceBox {
  return { ...box, y: box.y + by, doors: box.doors.map((door) => ({ ...door, y: door.y + by })) };
}

function movedNode(box: NodeBox, by: number): NodeBox {
  return { ...box, y: box.y + by, endpoints: box.endpoints.map((one) => ({ ...one, y: one.y + by })) };
}
