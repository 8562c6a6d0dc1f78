import type { PacketExplanation } from "../../../index.ts";
import type { Picture, ServicePicture } from "../../protocol.ts";
import { onActivate, svg } from "../dom.ts";
import { doorOf, type Edge, edgesOf, senderOf } from "./edges.ts";
import {
  type ClientId,
  type DoorBox,
  type EndpointBox,
  layoutMap,
  type NodeBox,
  type Point,
  type ServiceBox,
} from "./layout.ts";

/** What the map shows, and what a click on it does. */
export interface MapView {
  readonly picture: Picture;
  readonly width: number;
  /** The Service that is selected in all panes. */
  readonly selected: string | undefined;
  readonly way: Pick<PacketExplanation, "packet" | "outcomes"> | undefined;
  /** Nodes that are down. */
  readonly down: readonly string[];
  readonly onClient: (client: ClientId) => void;
  readonly onService: (name: string) => void;
}

/** Services that are drawn at once; of more, the selected one. */
const mostServices = 6;

/** The Services that fit on the map, the selected one among them. */
export function drawnServices({
  picture,
  selected,
  width,
}: Pick<MapView, "picture" | "selected" | "width">): readonly ServicePicture[] {
  const { services } = picture;
  if (services.length <= mostServices && width >= 520) return services;
  const one = services.find(({ name }) => name === selected) ?? services[0];
  return one === undefined ? [] : [one];
}

/** The map: clients, addresses, Services, endpoints by node, and the way of the packet. */
export function drawMap(view: MapView): SVGSVGElement {
  const layout = layoutMap(drawnServices(view), view.picture, view.width);
  const edges = edgesOf(layout, view.way, view.selected);
  const door = view.way && doorOf(layout, view.way.packet);
  const sender = view.way && senderOf(view.way.packet);
  return svg(
    "svg",
    {
      viewBox: `0 0 ${layout.width} ${layout.height}`,
      width: layout.width,
      height: layout.height,
      role: "group",
      "aria-label": "Map of clients, Services and endpoints",
      class: "map",
    },
    edges.map(drawEdge),
    layout.clients.map((box) =>
      svg(
        "g",
        {
          class: `client${box.id === sender ? " is-on" : ""}`,
          ...button(() => view.onClient(box.id)),
          "aria-label": `${clientNames[box.id]}: send the packet from here`,
        },
        svg("rect", { x: box.x, y: box.y, width: box.width, height: box.height, rx: 22 }),
        svg("text", { x: box.x + box.width / 2, y: box.y + 27, "text-anchor": "middle" }, clientNames[box.id]),
      ),
    ),
    layout.services.map((box) => drawService(box, view, door)),
    layout.nodes.map((box) => drawNode(box, view)),
    edges.map((one) => drawLabel(one, layout.width)),
  );
}

const clientNames: Readonly<Record<ClientId, string>> = { internet: "Internet", pod: "Pods", node: "The node" };

function button(act: () => void) {
  return { role: "button", tabindex: 0, onclick: act, onkeydown: onActivate(act) };
}

function drawEdge({ from, to, kind, shape }: Edge): SVGElement {
  return svg("path", { class: `edge is-${kind}`, d: `M${from.x} ${from.y} ${curves[shape](from, to)}` });
}

const curves: Readonly<Record<Edge["shape"], (from: Point, to: Point) => string>> = {
  across: (from, to) => {
    const middle = (from.x + to.x) / 2;
    return `C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
  },
  down: (from, to) => {
    const middle = (from.y + to.y) / 2;
    return `C${from.x} ${middle} ${to.x} ${middle} ${to.x} ${to.y}`;
  },
  branch: (_, to) => `V${to.y} H${to.x}`,
};

function drawLabel({ to, kind, label, shape }: Edge, right: number): SVGElement | undefined {
  if (kind === "refused") {
    const [x, y] = shape === "down" ? [to.x - 5, to.y - 16] : [to.x - 16, to.y - 5];
    return svg("path", { class: "cross", d: `M${x} ${y} l10 10 m0 -10 l-10 10` });
  }
  if (label === undefined) return undefined;
  const [x, y] = shape === "branch" ? [right - 20, to.y + 4] : [to.x - 5, to.y - 5];
  return svg("text", { class: "share", x, y, "text-anchor": "end" }, label);
}

function drawService(box: ServiceBox, view: MapView, door: DoorBox | undefined): SVGElement {
  const { service, x, y, width, height } = box;
  const isOn = service.name === view.selected;
  return svg(
    "g",
    {
      class: `service${isOn ? " is-on" : ""}`,
      "data-object": `Service ${service.name}`,
      "aria-pressed": String(isOn),
      ...button(() => view.onService(service.name)),
    },
    svg("rect", { x, y, width, height, rx: 8 }),
    svg("text", { class: "name", x: x + 12, y: y + 22 }, shorten(service.name, width - 24, 7.4)),
    isRoomBeside(service.name, service.type, width)
      ? svg("text", { class: "type", x: x + width - 12, y: y + 22, "text-anchor": "end" }, service.type)
      : undefined,
    box.doors.length === 0 ? svg("text", { class: "soft", x: x + 12, y: y + 50 }, "no address") : undefined,
    box.doors.map((one) => drawDoor(one, one === door)),
  );
}

function drawDoor({ x, y, width, height, door }: DoorBox, isOn: boolean): SVGElement {
  return svg(
    "g",
    { class: `door${isOn ? " is-on" : ""}` },
    isOn ? svg("rect", { x: x + 4, y, width: width - 8, height, rx: 5 }) : undefined,
    svg("text", { class: "soft", x: x + 12, y: y + 16 }, door.kind.replace("balancer IP", "balancer")),
    svg(
      "text",
      { class: "address", x: x + width - 12, y: y + 16, "text-anchor": "end" },
      shorten(door.address, width - 100, 7),
    ),
  );
}

function drawNode(box: NodeBox, view: MapView): SVGElement {
  const { name, x, y, width, height } = box;
  const isDown = name !== undefined && view.down.includes(name);
  return svg(
    "g",
    { class: `node${isDown ? " is-down" : ""}` },
    svg("rect", { x, y, width, height, rx: 8 }),
    svg("text", { class: "name", x: x + 12, y: y + 20 }, `${name ?? "no node"}${isDown ? " (down)" : ""}`),
    box.endpoints.length === 0 ? svg("text", { class: "soft", x: x + 12, y: y + 46 }, "no endpoints") : undefined,
    box.endpoints.map((pill) => drawEndpoint(pill, view)),
  );
}

function drawEndpoint({ x, y, width, height, endpoint, service }: EndpointBox, view: MapView): SVGElement {
  const text = endpoint.pod?.replace(/^.*\//, "") ?? endpoint.address;
  const isOn = service === view.selected;
  return svg(
    "g",
    { class: `endpoint${endpoint.ready ? "" : " is-unready"}${isOn ? " is-on" : ""}` },
    svg(
      "title",
      {},
      `${endpoint.pod ?? "endpoint"} ${endpoint.address}, endpoint of ${service}${endpoint.ready ? "" : ", not ready"}`,
    ),
    svg("rect", { x, y, width, height, rx: 12 }),
    svg("circle", { cx: x + 13, cy: y + 12, r: 4 }),
    svg("text", { x: x + 23, y: y + 16 }, shorten(text, width - 34, 6.8)),
  );
}

function isRoomBeside(name: string, type: string, width: number): boolean {
  return name.length * 7.6 + type.length * 6.8 + 40 <= width;
}

/** A text that fits into so many pixels. */
function shorten(text: string, width: number, letter: number): string {
  const most = Math.max(4, Math.floor(width / letter));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
